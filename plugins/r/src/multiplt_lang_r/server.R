# A warm R (multiplt.Server): each program runs in a forked child, which goes on as `Rscript main.R` would. The compiler
# is what a program would pay for, not R's start.
invisible(compiler::enableJIT(0L))
dyn.load(Sys.getenv("MULTIPLT_SERVE"))
invisible(gc())
invisible({ .C("multiplt_serve"); tempdir(TRUE); .C("multiplt_go_on", "/run/server/server.R", "main.R") })
