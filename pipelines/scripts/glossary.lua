-- SPDX-License-Identifier: Apache-2.0
-- Marks the terms of a word list, one "term<TAB>explanation" a line, however they are spelled: with or without diacritics,
-- hamza or capitals. A term may have several words.
local explanations, longest = {}, 1

for line in files.terms:gmatch("[^\r\n]+") do
  local term, explanation = line:match("^([^\t]+)\t(.+)$")
  if term then
    explanations[fold(term)] = explanation
    local _, spaces = term:gsub(" ", "")
    longest = math.max(longest, spaces + 1)
  end
end

-- Words on both sides of something that was cut out of the page do not belong together.
local function is_whole(breaks, begin, end_)
  for _, place in ipairs(breaks) do
    if begin < place and place < end_ then return false end
  end
  return true
end

function process(doc)
  local tokens, breaks = doc:layer("token/1"), doc:breaks()
  local forms = {}
  for i = 1, #tokens do
    forms[i] = tokens:get(i, "form") or ""
  end
  local i = 1
  while i <= #tokens do
    local step = 1
    for n = math.min(longest, #tokens - i + 1), 1, -1 do
      local explanation = explanations[table.concat(forms, " ", i, i + n - 1)]
      local begin = tokens:span(i)
      local _, end_ = tokens:span(i + n - 1)
      if explanation and is_whole(breaks, begin, end_) then
        doc:add("glossary.term/1", { begin = begin, end_ = end_, explanation = explanation })
        step = n
        break
      end
    end
    i = i + step
  end
end
