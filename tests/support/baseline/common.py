# SPDX-License-Identifier: GPL-3.0-or-later
import os, sys, time, torch
th=int(os.environ.get("TH","1")); torch.set_num_threads(th)
# reported: p20 of ~40 short repetitions (machine is shared: p20 ~ uncontended), plus median
def bench(f, total=1.2, reps=40, full=False):
    for _ in range(3): f()
    n=1
    while True:
        t=time.perf_counter()
        for _ in range(n): f()
        t=time.perf_counter()-t
        if t>total/reps*0.6: break
        n=max(n*2,int(n*total/reps/max(t,1e-6)))
    v=[]; t00=time.perf_counter()
    for r in range(reps):
        t=time.perf_counter(); c=time.process_time()
        for _ in range(n): f()
        v.append(((time.perf_counter()-t)/n*1e3,(time.process_time()-c)/n*1e3))
        if r>=7 and time.perf_counter()-t00>3*total: break
    a=sorted(x[0] for x in v); b=sorted(x[1] for x in v)
    return (a[len(a)//5], a[len(a)//2], b[len(b)//5])
