# The study of the two MAWI captures that sources.md lists: its sweep, in Portuguese, as published and done right. The
# sweep (look-back 10, 20, 30, 60; 50 epochs with batch 64 and 20 with 32; five seeds) is the pipeline's default.

captures = markdown_urls("experiments/mawi/sources.md")
language = "pt"
template = "experiments/mawi/report.md"
periods  = { "200701251400" = [60], "200701011800" = [3600] }

# The short capture is trained with both schedules, the long one with the first only.
schedules_of = {
  "200701011800" = { long = { epochs = 50, batch = 64 } }
}
