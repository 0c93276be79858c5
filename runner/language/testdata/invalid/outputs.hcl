# Outputs of stages where plain values belong.
stage "fetch" "f" { url = "u" }
stage "train" "t" {
  series = stage.fetch.f.capture
  names  = ["a", stage.fetch.f.capture]
  model "lstm" {}
}
stage "exec" "json" {
  command = ["x", jsonencode({ a = stage.fetch.f.capture }), "y"]
}
stage "exec" "quoted" {
  command = ["x", format("%q", stage.fetch.f.capture)]
}
stage "exec" "upper" {
  command = ["x", upper(stage.fetch.f.capture)]
}
stage "fetch" "named" {
  for_each = [stage.fetch.f.capture]
  url      = "u"
}
stage "fetch" "matrix" {
  matrix = { a = [stage.fetch.f.capture] }
  url    = "u"
}
stage "fetch" "read" {
  url = file(stage.fetch.f.capture)
}
stage "decode" "part" {
  capture = "x/${stage.fetch.f.capture}"
}
