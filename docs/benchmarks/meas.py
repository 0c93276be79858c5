#!/usr/bin/env python3
"""meas.py TOOL N PHASE CMD...: runs CMD without output and prints a row: tool n phase cpu_s wall_s rss_mb.
cpu is user and system time of CMD and every child that was waited for; rss is that of the largest process among them."""
import resource, subprocess, sys, time
tool, n, phase, *command = sys.argv[1:]
began = time.monotonic()
code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
wall = time.monotonic() - began
r = resource.getrusage(resource.RUSAGE_CHILDREN)
note = ['exit %d' % code] if code else []
print(tool, n, phase, '%.2f' % (r.ru_utime + r.ru_stime), '%.2f' % wall, '%.0f' % (r.ru_maxrss / 1024), *note, sep='\t', flush=True)
