stage "exec" "x" {
  command = ["true", stage.exec.y.out]
  outputs = { out = "out" }
}
stage "exec" "y" {
  command = ["true", stage.exec.z.out]
  outputs = { out = "out" }
}
stage "exec" "z" {
  command = ["true", stage.exec.x.out]
  outputs = { out = "out" }
}
stage "exec" "self" {
  command = ["true", stage.exec.self.out]
  outputs = { out = "out" }
}
locals {
  a = local.b
  b = local.a
}
