-- Takes away what would let a candidate look into the program that runs it: the debug library but its traceback,
-- libraries in C (one of which is the debug library again), and bytecode, which nothing verifies.

local load, loadfile, searchpath = load, loadfile, package.searchpath

for name in next, debug do
  if name ~= "traceback" then
    debug[name] = nil
  end
end

function _G.load(chunk, name, mode, ...)
  return load(chunk, name, "t", ...)
end

function _G.loadfile(file, mode, ...)
  return loadfile(file, "t", ...)
end

function _G.dofile(file)
  local chunk, problem = loadfile(file, "t")
  return (chunk or error(problem, 0))()
end

package.loadlib = nil
package.searchers[2] = function(name)
  local path, problem = searchpath(name, package.path)
  if path then
    return loadfile(path, "t"), path
  end
  return problem
end
package.searchers[3], package.searchers[4] = nil, nil
