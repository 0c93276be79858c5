# args: count=many nothere=3
variable "n" {
  type    = number
  default = "many"
}
variable "count" {
  type    = number
  default = 1
}
variable "missing" { type = string }
variable "refused" {
  default = 3
  validation {
    condition     = var.refused > 5
    error_message = "More than five."
  }
}
stage "decode" "d" {
  capture   = "a.pcap"
  every     = "1 fortnight"
  on_damage = "kep"
}
stage "train" "t" {
  series    = 3
  look_back = 0.5
  flag      = "maybe"
  rate      = stage.decode.d.packets
  model "lstm" { units = "many" }
}
stage "train" "u" {
  series    = stage.decode.d
  look_back = 0
}
