# Calls the candidate case by case and writes what each call returned or raised to the record channel;
# multiplt.execute.records says how. All of it runs in the world in which it was started: methods that the
# candidate adds or redefines later, those of Base included, hold only in what Base.invokelatest calls.

module Harness

Base.Experimental.@optlevel 0

const DEPTH = 200 # levels of nesting
const VALUE = 1000000 # bytes of one value
const TOTAL = 6000000 # bytes of all values; what comes later is not written
const DIGITS = 4000 # of an integer; printing takes the square of them
const TEXT = 1000 # characters of a message
const NAME = 200 # characters of a type in it
const ARGUMENTS = 10 # of a call in it
const Items = Union{AbstractVector,Tuple,AbstractDict,AbstractSet}

const COMPILING = fieldoffset(Base.JLOptions, findfirst(isequal(:compile_enabled), [fieldnames(Base.JLOptions)...]))
const WHERE_DEFAULT, WHERE_NEEDED = Int8(1), Int8(3) # JL_OPTIONS_COMPILE_ON and JL_OPTIONS_COMPILE_MIN of julia.h
const UNDECIDED = 75 # multiplt.execute.plan

mutable struct Channel
    io::IOStream
    key::Int
    digest::Int
    written::Int # bytes
end

# Loads file into the module candidate and calls its function name with the arguments of each case.
function run_cases(candidate::Module, file::String, name::Symbol, cases::Vector{Any})
    nonce = readline(fdio(0)) # stdin would keep it in a buffer
    channel = Channel(fdio(3), 2 + parse(Int, string("0x", first(nonce, 5))), 0, 0)
    if load(channel, candidate, file, name)
        entry = Base.invokelatest(getfield, candidate, name)
        for number in 1:length(cases)
            write_frame(channel, answer(number - 1, entry, cases[number], TOTAL - channel.written))
        end
    end
    write_frame(channel, string("z", nonce, " ", channel.digest))
    exit(0)
end

# Runs a program that carries its own tests, as `julia file` would, and writes the last record once it has ended.
function run_program(file::String)
    end_fast()
    nonce = readline(fdio(0))
    channel = fdio(3)
    Core.eval(Base, :(PROGRAM_FILE = $file))
    Base.include(Main, file)
    write(channel, string("35:z", nonce, " 0"))
    flush(channel)
end

function load(channel::Channel, candidate::Module, file::String, name::Symbol)
    kind = "xSyntaxError "
    try
        parse_all(read(file, String))
        kind = "xException "
        Base.include(candidate, file)
        own = Base.invokelatest(names, candidate, all = true, imported = true)
        name in own || throw(UndefVarError(name))
        return true
    catch raised
        text = message(raised)
        late = startswith(text, "syntax: ") # what only lowering finds
        write_frame(channel, string(late ? "xSyntaxError " : kind, text))
        return false
    end
end

# What is not compiled yet is interpreted: that begins at once and computes slowly.
function begin_fast()
    delete!(ENV, "MULTIPLT_FAST")
    set_compiling(WHERE_NEEDED)
end

end_fast() = set_compiling(WHERE_DEFAULT)

is_fast() = unsafe_load(compiling()) == WHERE_NEEDED

compiling() = convert(Ptr{Int8}, cglobal(:jl_options)) + COMPILING

set_compiling(mode::Int8) = unsafe_store!(compiling(), mode)

# Raises at a syntax error; include would run all that stands before it.
function parse_all(text::String)
    position = 1
    while position <= ncodeunits(text)
        expression, position = Meta.parse(text, position, raise = false, depwarn = false)
        if expression isa Expr && expression.head in (:error, :incomplete)
            reason = expression.args[1]
            throw(reason isa Exception ? reason : ErrorException(string("syntax: ", reason)))
        end
    end
end

function answer(number::Int, @nospecialize(entry), arguments::Vector{Any}, room::Int)
    try
        value = Base.invokelatest(entry, arguments...)
        out = IOBuffer()
        complete = put(out, value, DEPTH, min(VALUE, room))
        return string("v", number, " ", complete ? String(take!(out)) : sized("?", "a value too long to show"))
    catch raised
        return string("e", number, " ", message(raised))
    end
end

function write_frame(channel::Channel, payload::String)
    frame = sized("", payload)
    for byte in codeunits(frame)
        channel.digest = (channel.digest * channel.key + byte + 1) % 2147483647
    end
    channel.written += sizeof(frame)
    write(channel.io, frame)
    flush(channel.io)
end

sized(tag::String, text::String) = string(tag, sizeof(text), ":", text)

# What was raised, in its own words, except where these take Julia a third of a second.
function message(@nospecialize(raised))
    raised = cause(raised)
    text = try
        raised isa MethodError && raised.args isa Tuple ? unmatched(raised.f, Any[raised.args...]) :
        Base.invokelatest(sprint, showerror, raised)
    catch
        nothing
    end
    return first(text isa String ? text : string(typeof(raised)), TEXT)
end

# The error behind what was raised. An interpreter takes more of the stack and of memory: a want of them is not decided.
function cause(@nospecialize(raised))
    while raised isa Union{LoadError,TaskFailedException}
        raised = raised isa LoadError ? raised.error : raised.task.exception
    end
    raised isa Union{StackOverflowError,OutOfMemoryError} && is_fast() && ccall(:_exit, Cvoid, (Cint,), UNDECIDED)
    return raised
end

# Julia's words on a call that no method matches, without the methods that are like it.
function unmatched(@nospecialize(called), arguments::Vector{Any})
    keywords = ""
    if called isa Function && (endswith(string(nameof(called)), "##kw") || nameof(called) === :kwcall)
        keywords = string("; ", join(keys(arguments[1]), ", "))
        called = arguments[2]
        arguments = arguments[3:end]
    end
    types = String[]
    for argument in arguments[1:min(end, ARGUMENTS)]
        push!(types, argument isa Type ? string("Type{", shortened(argument), "}") : shortened(typeof(argument)))
    end
    if called === convert && length(types) == 2
        return string("MethodError: Cannot `convert` an object of type ", types[2], " to an object of type ",
                      shortened(arguments[1]))
    end
    name = called isa Type ? shortened(called) :
           called isa Function ? nameof(called) : string("(::", shortened(typeof(called)), ")")
    rest = length(arguments) > ARGUMENTS ? ", ..." : ""
    return string("MethodError: no method matching ", name, "(", join(string.("::", types), ", "), rest, keywords, ")")
end

shortened(@nospecialize(type)) = first(apply(string, type)::String, NAME)

# Writes a value of so many levels at most; false where it passes the limit in bytes.
function put(out::IOBuffer, @nospecialize(value), levels::Int, limit::Int)
    if value === nothing || value isa Bool
        write(out, value === nothing ? "N" : value ? "T" : "F")
    elseif value isa BigInt && apply(ndigits, value)::Int > DIGITS
        write(out, sized("?", "an integer too long to print"))
    elseif value isa Integer
        write(out, string("i", apply(string, value)::String, ";"))
    elseif value isa Union{AbstractFloat,Rational,AbstractIrrational}
        write(out, string("d", string(apply(Float64, value)::Float64), ";"))
    elseif value isa AbstractString
        text = apply(String, value)::String
        sizeof(text) < limit || return false
        write(out, sized("s", text))
    elseif value isa Items && levels > 0
        return put_items(out, value, levels - 1, limit)
    elseif value isa Union{Char,Symbol,Missing,Complex}
        write(out, sized("?", apply(repr, value)::String))
    else
        write(out, sized("?", string("a value of the type ", first(apply(string, typeof(value))::String, TEXT))))
    end
    return position(out) <= limit
end

function put_items(out::IOBuffer, @nospecialize(value), levels::Int, limit::Int)
    count = apply(length, value)::Int
    count < limit || return false
    tag = value isa AbstractVector ? "l" : value isa Tuple ? "t" : value isa AbstractDict ? "m" : "z"
    write(out, string(tag, count, ":"))
    items = value isa Union{Vector,Tuple} ? value : apply(collect, value)::Vector
    for number in 1:count
        item = items isa Tuple ? getfield(items, number) : items[number]
        for part in (value isa AbstractDict ? (item.first, item.second) : (item,))
            put(out, part, levels, limit) || return false
        end
    end
    return true
end

# f(value), out of sight of inference, for which there would be much to compile. A type of the candidate's own
# has methods only in the latest world.
@noinline function apply(@nospecialize(f), @nospecialize(value))
    try
        return f(value)
    catch raised
        raised isa MethodError || rethrow()
        return Base.invokelatest(f, value)
    end
end

end
