# The study of the two MAWI captures that sources.md lists: its sweep, in Portuguese, as published and done right. Training the
# long capture takes hours; -var 'captures={...}' picks one.

captures  = markdown_urls("experiments/mawi/sources.md")
language  = "pt"
template  = "experiments/mawi/report.md"
protocols = ["published", "strict"]
periods   = { "200701251400" = [60], "200701011800" = [3600] }

look_backs = [10, 20, 30, 60]
schedules  = { long = { epochs = 50, batch = 64 }, short = { epochs = 20, batch = 32 } }
schedules_of = {
  "200701011800" = { long = { epochs = 50, batch = 64 } }
}
seeds = 5
