stage "fetch" "a" { url = "x" }
stage "exec" "x" {
  command = ["true"]
  outputs = { dir = "dir/" }
}
results {
  files = { "out" = stage.exec.x.dir, "out/file" = stage.fetch.a.capture, "../up" = stage.fetch.a.capture, "text" = "text" }
}
