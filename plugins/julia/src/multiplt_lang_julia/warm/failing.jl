using Test
add(a::Int64, b::Int64)::Int64 = a + b

@testset begin

candidate = add;
	@test(candidate(1, 2) == 4)
	@test(candidate("") == 4)
end
