# Runs what programs do most, so that Julia has compiled of itself what that needs.

const Harness = Main.Harness
const candidate = Module(:Candidate)
const channel = Harness.Channel(open("/dev/null", "w"), 3, 0, 0)

function run(name::Symbol, arguments::Vector{Any})
    Harness.write_frame(channel, Harness.answer(0, Base.invokelatest(getfield, candidate, name), arguments, 1000000))
end

Harness.load(channel, candidate, joinpath(@__DIR__, "typical.jl"), :numbers)
run(:numbers, Any[Int64[3, 1, -2]])
run(:floats, Any[Float64[1.5, 2.5]])
run(:texts, Any["ab abc 3"])
run(:tables, Any[Dict{String,Int64}("a" => 1, "b" => 2)])
run(:others, Any[Vector{Int64}[Int64[1, 2], Int64[3, 4]], String["a", "b"]])
run(:mixed, Any[Int64[3, 1], "ab abc 3", Union{Nothing,Int64}[1, nothing], (1.0, 2.0)])
for number in 1:21 # in a task, as the last fills the stack, which each child would inherit
    wait(@async run(:raises, Any[number]))
end
close(channel.io)

# Containers of what they hold most, without running what is done with them.
function precompile_table(K, V)
    table, pair = Dict{K,V}, Pair{K,V}
    precompile(Pair, (K, V))
    precompile(table, ())
    precompile(table, (pair,))
    precompile(table, (pair, Vararg{pair}))
    for (call, types) in (setindex! => (V, K), getindex => (K,), haskey => (K,), get => (K, V))
        precompile(call, (table, types...))
    end
end

const ITEMS = (Int64, Float64, Bool, Char, String, SubString{String}, Any, Vector{Int64}, Vector{String}, Tuple{Int64,Int64},
               Tuple{String,Int64}, Tuple{String,String}, Tuple{String,Float64}, Tuple{Int64,Float64}, Union{Nothing,Int64})

for T in ITEMS
    precompile(Vector{T}, ())
    precompile(Vector{T}, (Vector{Any},))
    precompile(push!, (Vector{T}, T))
    precompile(setindex!, (Vector{T}, T, Int64))
    precompile(getindex, (Vector{T}, UnitRange{Int64}))
    precompile(convert, (Type{Vector{T}}, Vector{Any}))
    for count in 0:4
        precompile(getindex, (Type{T}, fill(T, count)...))
    end
end

for (K, V) in (String => String, String => Float64, String => Any, String => Vector{Int64}, String => Vector{String},
               String => Tuple{Int64,Float64}, String => Dict{String,Int64}, Int64 => String, Int64 => Vector{Int64}, Any => Any)
    precompile_table(K, V)
end

for program in ("passing.jl", "failing.jl")
    try
        Base.include(Module(:Program), program)
    catch
        Base.invokelatest(Base.display_error, isdefined(Base, :current_exceptions) ? current_exceptions() : Base.catch_stack())
    end
end

precompile(Harness.run_cases, (Module, String, Symbol, Vector{Any}))
precompile(Harness.run_program, (String,))
precompile(exit, (Int,))
