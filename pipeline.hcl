# From captures to a report. Read from top to bottom; docs/language.md explains the words.
#
#   weir run                               a synthetic backbone capture, offline (results/demo)
#   weir run -e mawi                       the study of two MAWI captures (results/mawi)
#   weir run -var 'captures={mine="a.pcap.gz"}'   your own capture, same questions

variable "captures" {
  description = "Captures to analyse: name = URL or file (http, https, file or synthetic)."
  type        = map(string)
  default     = { demo = "synthetic://backbone?seconds=900&seed=1" }
}

variable "every" {
  description = "Length of an interval of the series."
  type        = string
  default     = "1s"
}

variable "periods" {
  description = "Seasonal periods to test, in intervals; by capture where they differ."
  type        = map(list(number))
  default     = {}
}

variable "protocols" {
  description = "published repeats what a document did, defects included; strict does it right."
  type        = list(string)
  default     = ["published", "strict"]
  validation {
    condition     = length(setsubtract(var.protocols, ["published", "strict"])) == 0
    error_message = "There are the protocols published and strict."
  }
}

variable "look_backs" {
  description = "How many intervals a model sees before the one that it forecasts."
  type        = list(number)
  default     = [10, 20, 30, 60]
}

variable "schedules" {
  description = "Training schedules: name = { epochs, batch }."
  type        = map(object({ epochs = number, batch = number }))
  default     = { long = { epochs = 50, batch = 64 }, short = { epochs = 20, batch = 32 } }
}

variable "schedules_of" {
  description = "Captures with training schedules of their own."
  type        = map(map(object({ epochs = number, batch = number })))
  default     = {}
}

variable "seeds" {
  description = "How many seeds the strict protocol trains with; published has one."
  type        = number
  default     = 5
}

variable "units" {
  description = "Units of the LSTM."
  type        = number
  default     = 50
}

variable "language" {
  description = "Language of the report: en, pt or es."
  type        = string
  default     = "en"
}

variable "template" {
  description = "The report's template; without one, the language's own."
  type        = string
  default     = null
}

variable "title" {
  description = "The report's title; without one, the template's."
  type        = string
  default     = null
}

stage "fetch" "capture" {
  for_each = var.captures
  url      = each.value
}

stage "decode" "packets" {
  for_each = var.captures
  capture  = stage.fetch.capture[each.key].capture
}

stage "aggregate" "traffic" {
  for_each = var.captures
  packets  = stage.decode.packets[each.key].packets
  every    = var.every
}

stage "eda" "traffic" {
  for_each = var.captures
  series   = stage.aggregate.traffic[each.key].series
  sizes    = stage.aggregate.traffic[each.key].sizes
  periods  = lookup(var.periods, each.key, [60])
  language = var.language
}

stage "train" "lstm" {
  for_each = var.captures
  matrix = {
    protocol  = var.protocols
    look_back = var.look_backs
    schedule  = lookup(var.schedules_of, each.key, var.schedules)
    seed      = range(1, var.seeds + 1)
    exclude   = contains(var.protocols, "published") ? [for s in range(2, var.seeds + 1) : { protocol = "published", seed = s }] : []
  }

  series    = stage.aggregate.traffic[each.key].series
  protocol  = matrix.protocol
  look_back = matrix.look_back
  epochs    = matrix.schedule.epochs
  batch     = matrix.schedule.batch
  seed      = matrix.seed
  too_short = "skip" # a short capture gets a report too
  model "lstm" {
    units = var.units
  }
}

stage "evaluate" "forecast" {
  for_each = var.captures
  series   = stage.aggregate.traffic[each.key].series
  trials   = stage.train.lstm[each.key][*]
  language = var.language
}

stage "report" "paper" {
  template = var.template
  title    = var.title
  language = var.language
  inputs = {
    decode   = stage.decode.packets
    eda      = stage.eda.traffic
    forecast = stage.evaluate.forecast
  }
}

stage "typeset" "paper" {
  tex     = stage.report.paper.tex
  numbers = stage.report.paper.numbers
  tables  = stage.report.paper.tables
  figures = stage.report.paper.figures
}

# What a person wants of all this, as files in results/EXPERIMENT.
results {
  files = merge(
    {
      "report.html"  = stage.report.paper.html
      "report.tex"   = stage.report.paper.tex
      "numbers.tex"  = stage.report.paper.numbers
      "tables"       = stage.report.paper.tables
      "figures"      = stage.report.paper.figures
      "metrics.json" = stage.report.paper.metrics
      "report.pdf"   = stage.typeset.paper.pdf
    },
    { for name, e in stage.evaluate.forecast : "best/${name}.weir" => e.best },
  )
}
