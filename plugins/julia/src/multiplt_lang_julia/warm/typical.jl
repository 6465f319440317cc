# What programs do most, for Julia to compile what of itself that needs.

function numbers(x::Vector{Int64})
    x = sort(x, rev = true)
    sort!(x)
    sort(x, by = abs)
    push!(x, pop!(x))
    append!(x, [1, 2])
    result = Int64[]
    for (i, value) in enumerate(x)
        value in result || push!(result, value)
        result[end] = max(value, x[i], result[end])
    end
    total = sum(x) + maximum(x) + minimum(x) + length(unique(x)) + prod(x) + x[end] % 2 + div(total_of(x), 2)
    average = total / length(x)
    nested = [[i, value] for (i, value) in zip(1:length(x), x) if value > 0]
    squares = [value^2 for value in x if iseven(value)]
    parts = vcat(x[1:2], reverse(x), x[2:end], squares)
    (round(Int, average), floor(Int, average), sqrt(average), nested, parts, any(value -> value > 1, x),
     all(isodd, x), count(iseven, x), filter(isodd, x), map(abs, x), findfirst(==(1), x), findall(iseven, x), cumsum(x),
     accumulate(max, x), isempty(x), x == parts, Set(x), collect(1:3), zeros(Int64, 2), fill(1, 2), digits(12), gcd(4, 6),
     sum(value * 2 for value in x), issorted(x), copy(x), [string(value) for value in x], Tuple(x), extrema(x),
     convert(Vector{Int64}, Any[1]), Vector{Int64}(Any[1]), abs.(x), x .+ 1, x .* x, sum(abs, x), string(1, base = 2))
end

total_of(x) = reduce(+, x, init = 0)

function floats(x::Vector{Float64})
    (sort(x), sum(x) / length(x), maximum(x), minimum(x), round.(x, digits = 2), round(x[1], digits = 2), x .+ 1.0,
     isapprox(x[1], 1.0), x == [1.0], abs(x[1]), map(sqrt, x), Int(round(x[1])), trunc(Int, x[1]), string(x[1]), 2.0^0.5)
end

function texts(x::String)
    words = split(x)
    counts = Dict{String,Int64}()
    for word in words
        counts[word] = get(counts, word, 0) + 1
        haskey(counts, word) && (counts[word] += 1)
    end
    letters = Dict{Char,Int64}()
    for letter in lowercase(x)
        letters[letter] = get(letters, letter, 0) + 1
    end
    result = ""
    for (i, letter) in enumerate(x)
        result *= isuppercase(letter) ? lowercase(letter) : uppercase(letter)
        result = result * string(letter) * "$(i): $(letter) $(x[1])"
    end
    characters = [letter for letter in x if isletter(letter) || isdigit(letter)]
    kept = filter(isletter, x)
    (words, split(x, ' '), split(x, ", "), split(x, ""), join(words, " "), join(characters), join(reverse(characters)),
     String(characters), reverse(x), kept == reverse(kept), replace(x, "a" => "b"), replace(x, r"[^a-z]" => ""), strip(x),
     occursin("a", x), occursin(r"a+b", x), match(r"(a)", x), [found.match for found in eachmatch(r"\w", x)],
     startswith(x, "a"), endswith(x, "b"), parse(Int, "12"), parse(Int64, words[end]), tryparse(Float64, "1.5"), collect(x),
     uppercase(x), titlecase(x), length(x), x[1:2], x[end], first(x), last(x), repeat(x, 2), string(x, 1, 1.5), x == "a",
     sort(collect(keys(counts))), values(counts), sort(collect(counts), by = last), maximum(values(letters)), Set(x),
     unique(x), sort(words), sort(characters), findfirst("a", x), count(letter -> letter in "aeiou", x), Int(x[1]),
     [letter for letter in x], map(length, words), collect(letters), lpad("1", 2, '0'), x < "b", 'a' + 1, isempty(x),
     filter(word -> length(word) > 1, words), String[word for word in words], string.(words), x * "b", string('a', "b"))
end

function tables(x::Dict{String,Int64})
    groups = Dict{Int64,Vector{String}}()
    for (name, value) in x
        push!(get!(groups, value, String[]), name)
        groups[value] = vcat([name], get(groups, value, String[]))
    end
    squares = Dict{Int64,Int64}()
    for i in 1:2
        squares[i] = get(squares, i, 0) + i
    end
    foreach(sort!, values(groups))
    seen = Set{Int64}()
    push!(seen, 1)
    names = Set{String}()
    push!(names, "a")
    (groups, squares, x == x, merge(x, x), length(x), isempty(x), sort(collect(keys(groups))), sum(values(x)), delete!(copy(x), "a"),
     Dict(value => name for (name, value) in x), Dict("a" => 1, "b" => 2), Dict{String,Int64}(), haskey(squares, 1),
     union(seen, Set([1, 2])), intersect(seen, seen), setdiff(seen, seen), 1 in seen, collect(seen), "a" in names, collect(names),
     sort(collect(x)), filter(pair -> pair.second > 1, x), maximum(values(x)), get(x, "a", nothing), pop!(copy(x), "a"))
end

function others(x::Vector{Vector{Int64}}, y::Vector{String})
    rows = [[row[i] for row in x] for i in 1:length(x[1])]
    (rows, vcat(x...), hcat(x...), map(sum, x), [length(row) for row in x], sort(x), x == rows, filter(!isempty, x), sort(y),
     sort(y, by = length), y == sort(y), join(y, ", "), map(uppercase, y), filter(s -> length(s) > 1, y), "a" in y, unique(y),
     maximum(length, y), reverse(y), y[1:1], y[end], isempty(y), findfirst(==("a"), y), [(s, length(s)) for s in y], vcat(y, y),
     Dict(s => length(s) for s in y), Set(y), push!(copy(y), "b"), collect(zip(y, 1:2)), zeros(Int64, 2, 2), zeros(2),
     [1 2; 3 4], big(2)^70, (1, "a") == (1, "a"), something(nothing, 1), [1, "a"], Any[1, "a"], 1:2, collect(1:2:5), factorial(5))
end

function mixed(x::Vector{Int64}, y::String, z::Vector{Union{Nothing,Int64}}, w::Tuple{Float64,Float64})
    words = split(y)
    table = Dict{SubString{String},Int64}()
    for word in words
        table[word] = get(table, word, 0) + 1
    end
    matrix = hcat(x, x)
    known = [value for value in z if value !== nothing]
    anything = []
    for value in x
        push!(anything, value)
    end
    listed = []
    push!(listed, x)
    spelled = []
    push!(spelled, y)
    for i in 2:floor(sqrt(10.5)), j in 1:isqrt(4)
        anything[1] == i && j == 1 && continue
    end
    named = [("a", 1), (y, 2)]
    push!(named, ("b", 2))
    (Dict(word => count(==(word), words) for word in unique(words)), Dict{String,Int64}(table), transpose(matrix), matrix[1, :],
     [matrix[i, j] for i in 1:1, j in 1:2], [collect(row) for row in eachrow(matrix)], known, filter(!isnothing, z),
     convert(Vector{Int64}, anything), convert(Vector{Vector{Int64}}, listed), convert(Vector{String}, spelled),
     Vector{Int64}(known), sqrt(sum((w .- (1.0, 1.0)) .^ 2)), w .* 2.0, map(value -> value * 2.0, w), reduce(vcat, [x, x]), vcat(x, 1),
     sort(named, by = last), sortperm(x), max(1.0, 2.0), map(string, collect(y)), filter(isletter, collect(y)), join(map(uppercase, words)),
     join([string(letter) for letter in y]), join(x, ", "), rstrip(y), map(word -> parse(Int64, word), split("1 2")),
     all(letter -> letter == 'a', y), any(isdigit, y), popfirst!(copy(x)), insert!(copy(x), 1, 2), x[x .> 1], x[end:-1:1],
     argmax(x), divrem(5, 3), fill(false, 2), string(x), ceil(Int, 2.5), round(2.567, digits = 2), reverse(digits(12)))
end

# Raises what programs raise most.
function raises(x::Int64)
    x == 1 && error("raised")
    x == 2 && return [1, 2][x + 1]
    x == 3 && return Dict("a" => 1)["b"]
    x == 4 && return "a" + x
    x == 5 && return parse(Int64, "a")
    x == 6 && return sqrt(-1.0)
    x == 7 && return Int64(1.5)
    x == 8 && return div(x, 0)
    x == 9 && return undefined
    x == 10 && return convert(Vector{String}, "a")
    x == 11 && return "é"[2]
    x == 12 && return x::String
    x == 13 && return raises(1, 2)
    x == 14 && return maximum(Int64[])
    x == 15 && return "abc"[5]
    x == 16 && return pop!(Int64[])
    x == 17 && return nothing + 1
    x == 18 && throw(DomainError(x, "raised"))
    x == 19 && return convert(Int64, "a")
    x == 20 && return Dict(1 => 2)[3]
    raises(x) + 1
end
