# A warm Julia (multiplt.Server): each program runs in a forked child, as `julia main.jl` would run it.

include("harness.jl")
Base.include(Module(:Server), "warmup.jl") # Main has no name of ours
Base.include(Module(:Server), "serve.jl")
