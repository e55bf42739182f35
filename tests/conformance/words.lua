-- SPDX-License-Identifier: Apache-2.0
-- Marks long words, for the conformance checker: it reads layers, makes one, and sets a field.

function process(doc)
  local tokens = doc:layer("token/1")
  local names = doc:layer("entity/1")
  local n = 0
  for i, token in tokens:rows() do
    if token.end_ - token.begin >= 6 then
      doc:add("test.long/1", { begin = token.begin, end_ = token.end_, letters = token.end_ - token.begin })
      n = n + 1
    end
  end
  doc:set("long", n)
  doc:set("names", names and #names or 0)
end
