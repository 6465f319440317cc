-- A warm Lua (multiplt.Server): each program runs in a forked child, as `lua5.4 main.lua` would run it.

local serve = assert(package.loadlib(os.getenv("MULTIPLT_SERVE"), "multiplt_serve"))
local luaunit = package.searchpath("luaunit", package.path)
package.preload.luaunit = luaunit and loadfile(luaunit)

serve(0)

math.randomseed()
arg = { [-1] = "lua5.4", [0] = "main.lua" }
local main, problem = loadfile(arg[0])
return (main or error(problem, 0))()
