variable "o" {
  type    = object({ a = number, b = optional(string) })
  default = { a = 1, c = 2 }
}

locals {
  odd   = { a = 1 }
  joind = jion(",", ["a"])
  deep  = [for i in [1, 2] : uper(i)]
}

stage "exec" "a" {
  command = ["x", local.odd.c, max("a"), env("HOME"), try(timestamp(), 1)]
}

stage "exec" "b" {
  command = ["x", local.odd.c, local.odd.a.b]
}
