# Serves; what follows that runs in each child.

const Libdl, Random = Base.require(Main, :Libdl), Base.require(Main, :Random)
const SIG_UNBLOCK = 1
const ENDING = [UInt64(1) << 1 | 1 << 2 | 1 << 14; zeros(UInt64, 15)] # SIGINT, SIGQUIT, SIGTERM

# What Julia has set up for itself and a child needs anew; serve.c has done it for descriptors.
function begin_anew()
    haskey(ENV, "MULTIPLT_FAST") && Main.Harness.begin_fast()
    FORK_LOOP == C_NULL || ccall(FORK_LOOP, Cint, (Ptr{Cvoid},), Base.eventloop())
    # The thread that waits for these signals is the server's.
    ccall(:sigprocmask, Cint, (Cint, Ptr{UInt64}, Ptr{Cvoid}), SIG_UNBLOCK, ENDING, C_NULL)
    Libc.srand()
    if isdefined(Random, :DEV_URANDOM) # with a buffer, which may be filled
        Random.DEV_URANDOM[] = open("/dev/urandom")
    end
    Random.seed!()
    delete!(task_local_storage(), :SOURCE_PATH)
    Core.eval(Base, :(PROGRAM_FILE = "main.jl"))
    Core.ARGS[end] = "main.jl"
end

# As in Base.exec_options.
function run_main()
    try
        Base.include(Main, "main.jl")
    catch
        Base.invokelatest(Base.display_error, exceptions())
        exit(1)
    end
end

const exceptions = isdefined(Base, :current_exceptions) ? Base.current_exceptions : Base.catch_stack

const FORK_LOOP = try # libuv before 1.12, as Julia 1.5 has it, lacks it
    @eval cglobal(:uv_loop_fork)
catch
    C_NULL
end

const SERVE = Libdl.dlsym(Libdl.dlopen(ENV["MULTIPLT_SERVE"]), :multiplt_serve)

precompile(begin_anew, ())
precompile(Main.Harness.begin_fast, ())
precompile(Main.Harness.end_fast, ())
precompile(run_main, ())
Random.seed!()
Libc.srand()
GC.gc()
ccall(SERVE, Clong, ())
begin_anew()
run_main()
