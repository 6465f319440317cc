-- Runs a program that carries its own tests, and writes the end mark where it exits with success from a line of its
-- suite. The nonce is read, and what is needed is in local variables, before the program is loaded.

local exit, getinfo, loadfile, write, stderr = os.exit, debug.getinfo, loadfile, io.stderr.write, io.stderr
local nonce = io.read()
local channel = io.open("/proc/self/fd/3", "a")
channel:setvbuf("no")
local program, suite_line, trap

dofile("shield.lua")

function os.exit(code, ...)
  local caller = getinfo(2, "fl")
  if caller and caller.func == trap then
    caller = getinfo(3, "fl")
  end
  local from_suite = caller and caller.func == program and caller.currentline >= suite_line
  if from_suite and (code == nil or code == true or code == 0) then
    write(channel, "35:z", nonce, " 0")
  end
  return exit(code, ...)
end

-- luaunit puts an os.exit of its own before the one that it finds.
trap = pcall(require, "luaunit") and os.exit

-- file: the program; first_line: where its suite begins
return function(file, first_line)
  local problem
  suite_line = first_line
  program, problem = loadfile(file, "t")
  if not program then
    write(stderr, "lua5.4: ", problem, "\n")
    exit(1)
  end
  program()
end
