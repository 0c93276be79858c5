stage "train" "t" {}
stage "fetch" "f" {
  for_each = { a = 1, b = 2 }
}
stage "decode" "d" { capture = stage.fetch.f.capture }
stage "one" {}
stage "report" "r" {
  inputs = "${stage.fetch.f["a"].capture}.gz"
  figures "x" {}
}
remote "s3" { bucket = "weir" }
