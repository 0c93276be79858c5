stage "fetch" "a" { url = "x" }
stage "fetch" "a" { url = "y" }
stage "exec" "x" {
  command = ["true"]
  outputs = { one = "out", two = "out/two" }
}
variable "v" { default = 1 }
variable "v" { default = 2 }
results { files = {} }
results { files = {} }
