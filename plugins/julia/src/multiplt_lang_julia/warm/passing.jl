using Test
add(a::Int64, b::Int64)::Int64 = a + b
twice(a) = [a, a]

println([1, 2])
println(1)
println("a")

@testset begin

candidate = add;
	@test(candidate(1, 2) == 3)
	@test(true == true)
	@test(1.5 == 1.5)
	@test(twice(1) == [1, 1])
	@test(twice("a") == ["a", "a"])
	@test(twice(1.5) == [1.5, 1.5])
	@test(twice([1]) == [[1], [1]])
end
