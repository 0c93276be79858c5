stage "fetch" "f" {
  url = "x
}
