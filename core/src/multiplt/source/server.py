"""Runs inside the sandbox: a warm Python (`multiplt.execute.plan.Server`), whose forked children are recorders."""

import ctypes
import gc
import os
import sys
from pathlib import Path

import recorder  # type: ignore[import-not-found, unused-ignore]

multiplt_serve = ctypes.PyDLL(os.environ["MULTIPLT_SERVE"]).multiplt_serve  # PyDLL: with the lock held
gc.collect()
gc.freeze()  # so that children do not copy what they only look at

multiplt_serve()

for name in ("MULTIPLT_CONTROL", "MULTIPLT_SERVE", "LD_BIND_NOW"):  # C has removed them, which os.environ does not see
    del os.environ[name]
sys.path[0] = str(Path.cwd())
sys.argv[0] = "recorder.py"
recorder.main()
