using Test
add(a::Int64, b::Int64)::Int64 = a + b
twice(a) = [a, a]
texts(a)::Vector{String} = a
fails(a) = error(a)
unknown(a) = undefined + a

@testset begin

candidate = add;
	@test(candidate(1, 2) == 4)
	@test(candidate("") == 4)
	@test(fails("a") == 4)
	@test(unknown(1) == 4)
	@test(texts(1) == ["a"])
	@test(twice(1) == [1])
	@test(twice("a") == ["a"])
	@test(true == false)
	@test(1.5 == 2.5)
	@test("a" == "b")
end
