stage "fetch" "many" {
  matrix = { a = range(1000), b = range(1000) }
  url    = "x"
}
stage "fetch" "list" {
  for_each = [for i in range(100000) : "k${i}"]
  url      = "x"
}
stage "fetch" "bad" {
  for_each = 3
  url      = "x"
}
stage "fetch" "twice" {
  for_each = ["a", "a"]
  url      = "x"
}
stage "fetch" "empty" {
  matrix = { a = [] }
  url    = "x"
}
