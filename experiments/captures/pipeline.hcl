# A folder of real captures, and series that somebody measured:
#
#   weir run -e captures -var folder=PATH                      the captures named in var.names, series of PATH/../series
#   weir run -e captures -var folder=PATH -var 'names=[]'      every capture below PATH

variable "folder" {
  description = "Folder with captures; its subfolders are searched too."
  type        = string
}

variable "names" {
  description = "File names, without their endings, of the captures to take; none means all."
  type        = list(string)
  default     = ["ndpi_KakaoTalk_talk", "ndpi_netflix", "ndpi_alexa-app", "ndpi_zoom_p2p", "zeek_echo-connections", "ndpi_whatsapp"]
}

variable "series_folder" {
  description = "Folder with series in CSV files; default: the folder series beside the captures' folder."
  type        = string
  default     = null
}

variable "series" {
  description = "Series to import from there, where the file exists: file, columns, whether its ends are partial, seasonal periods, training schedule."
  type = map(object({
    file     = string
    time     = string
    value    = string
    edges    = bool # its first and last interval were measured only in part
    periods  = list(number)
    schedule = object({ epochs = number, batch = number })
  }))
  default = {
    mawi = {
      file     = "mawi_200701251400_captured_bytes_per_second_DIGITISED.csv"
      time     = "epoch_s"
      value    = "captured_bytes_approx"
      edges    = true
      periods  = [60]
      schedule = { epochs = 20, batch = 32 }
    }
    transatlantic = {
      file     = "isp_it_eu_5m.csv"
      time     = "epoch_s"
      value    = "bytes"
      edges    = false
      periods  = [288, 2016]
      schedule = { epochs = 2, batch = 64 }
    }
  }
}

variable "forecast" {
  description = "Captures whose series is forecast too; it must be long enough for the look-backs."
  type        = list(string)
  default     = ["ndpi_alexa-app", "ndpi_zoom_p2p"]
}

variable "look_backs" {
  type    = list(number)
  default = [10, 20]
}

variable "seeds" {
  type    = number
  default = 5
}

variable "language" {
  type    = string
  default = "en"
}

locals {
  found    = fileset(var.folder, "**/*.{pcap,pcapng,cap,dump,pcap.gz,pcapng.gz,dump.gz,pcap.zst}")
  named    = { for f in local.found : regexreplace(basename(f), "\\.(pcap|pcapng|cap|dump)(\\.gz|\\.zst)?$", "") => f... }
  captures = { for name, files in local.named : name => "${var.folder}/${files[0]}" if length(var.names) == 0 || contains(var.names, name) }

  series_folder = var.series_folder != null ? var.series_folder : "${var.folder}/../series"
  present       = try(fileset(local.series_folder, "*"), [])
  series        = { for name, s in var.series : name => s if contains(local.present, s.file) }

  titles = { en = "Traffic in a folder of captures", pt = "O tráfego em uma pasta de capturas", es = "El tráfico en una carpeta de capturas" }
}

stage "decode" "packets" {
  for_each = local.captures
  capture  = each.value
}

stage "aggregate" "traffic" {
  for_each = local.captures
  packets  = stage.decode.packets[each.key].packets
}

stage "import" "series" {
  for_each = local.series
  file     = "${local.series_folder}/${each.value.file}"
  time     = each.value.time
  value    = [each.value.value]

  partial_edges = each.value.edges
}

stage "eda" "captures" {
  for_each = local.captures
  series   = stage.aggregate.traffic[each.key].series
  sizes    = stage.aggregate.traffic[each.key].sizes
  periods  = [60]
  language = var.language
}

stage "eda" "series" {
  for_each = local.series
  series   = stage.import.series[each.key].series
  periods  = each.value.periods
  language = var.language
}

stage "train" "captures" {
  for_each = { for name, file in local.captures : name => file if contains(var.forecast, name) }
  matrix   = { look_back = var.look_backs, seed = range(1, var.seeds + 1) }

  series    = stage.aggregate.traffic[each.key].series
  look_back = matrix.look_back
  history   = max(var.look_backs...)
  epochs    = 20
  batch     = 32
  seed      = matrix.seed
  model "lstm" {
    units = 50
  }
}

stage "train" "series" {
  for_each = local.series
  matrix = {
    protocol  = ["published", "strict"]
    look_back = var.look_backs
    seed      = range(1, var.seeds + 1)
    exclude   = [for s in range(2, var.seeds + 1) : { protocol = "published", seed = s }]
  }

  series    = stage.import.series[each.key].series
  protocol  = matrix.protocol
  look_back = matrix.look_back
  epochs    = each.value.schedule.epochs
  batch     = each.value.schedule.batch
  seed      = matrix.seed
  model "lstm" {
    units = 50
  }
}

stage "evaluate" "captures" {
  for_each = { for name, file in local.captures : name => file if contains(var.forecast, name) }
  series   = stage.aggregate.traffic[each.key].series
  trials   = stage.train.captures[each.key][*]
  language = var.language
}

stage "evaluate" "series" {
  for_each = local.series
  series   = stage.import.series[each.key].series
  trials   = stage.train.series[each.key][*]
  season   = each.value.periods[0]
  language = var.language
}

stage "report" "paper" {
  title    = local.titles[var.language]
  language = var.language
  inputs = {
    decode   = stage.decode.packets
    eda      = merge(stage.eda.captures, stage.eda.series)
    forecast = merge(stage.evaluate.captures, stage.evaluate.series)
  }
}

stage "typeset" "paper" {
  tex     = stage.report.paper.tex
  numbers = stage.report.paper.numbers
  tables  = stage.report.paper.tables
  figures = stage.report.paper.figures
}

results {
  files = {
    "report.html"  = stage.report.paper.html
    "report.tex"   = stage.report.paper.tex
    "numbers.tex"  = stage.report.paper.numbers
    "tables"       = stage.report.paper.tables
    "figures"      = stage.report.paper.figures
    "metrics.json" = stage.report.paper.metrics
    "report.pdf"   = stage.typeset.paper.pdf
  }
}
