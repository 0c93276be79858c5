variable "captures" { default = {} }
stage "fetchh" "a" { url = "x" }
stage "decode" "p" { capture = stage.fetch.nothere.capture }
stage "train" "t" {
  series   = stage.decode.p.pakets
  look_bak = 3
  model "lstn" { unit = 3 }
}
stage "report" "r" {
  inputs = { a = var.capture, b = local.x, c = each.key, d = matrix.y, e = something }
}
stage "decode" "q" { packets = "x" }
stag "decode" "z" {}
