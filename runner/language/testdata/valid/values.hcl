# args: l=[3,{a="=b"}] s=a=b any={k="v"} date=2020-01-01
variable "s" { default = "x" }
variable "l" { default = [1, 2] }
variable "any" { default = null }
variable "date" { default = null }
variable "none" {
  type    = string
  default = null
}
variable "o" {
  type    = object({ a = number, b = optional(string, "preset") })
  default = { a = 1 }
}

locals {
  rows = flatten([for a in ["x", "y"] : [for b in range(2) : { key = "${a}${b}", n = b } if !(a == "y" && b == 1)]])
}

stage "exec" "text" {
  command = ["sh", "-c", <<-END
    echo ${var.s} ${var.o.b}
      %{if var.none == null}nothing%{else}${var.none}%{endif}
  END
    , var.date, var.l[1].a, var.any.k, var.o.a * 2, true
  ]
  outputs = { one = "1.txt", two = "2.txt" }
}

# A map keyed by hand, and one made of another stage.
stage "decode" "d" {
  for_each = { for r in local.rows : r.key => r }
  capture  = "in/${each.key}-${each.value.n}.pcap"
  every    = "${each.value.n + 1}s"
}

stage "report" "each" {
  for_each = stage.decode.d
  inputs   = { rows = each.value.packets, all = [for k, v in stage.decode.d : v.packets if k != each.key] }
}

stage "exec" "outputs" {
  for_each = stage.exec.text
  command  = ["cat", each.value, "--name=${each.key}", "--in=${each.value}"]
}
