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
for number in 1:21
    run(:raises, Any[number])
end
close(channel.io)

# Arguments as the cases of a program have them.
Any[
    Int64[], Int64[1], Int64[1, 2], Int64[1, 2, 3, 4], Int64[1, 2, 3, 4, 5],
    Float64[], Float64[1.0], Float64[1.0, 2.0, 3.0], Float64[1.0, 2.0, 3.0, 4.0],
    String[], String["a"], String["a", "b", "c"], String["a", "b", "c", "d"],
    Vector{Int64}[], Vector{Int64}[Int64[1]], Vector{Int64}[Int64[1], Int64[1], Int64[1]],
    Dict{String,Int64}(), Dict{String,Int64}("a" => 1), Set{Int64}(Int64[1]), Set{String}(String["a"]),
]

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
