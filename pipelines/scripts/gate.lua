-- SPDX-License-Identifier: Apache-2.0
-- Lets through what is worth reading: long enough, and not mostly numbers, as tables of prices are.
local least = tonumber(settings.words or 20)

function process(doc)
  local tokens = doc:layer("token/1")
  local words, numbers = 0, 0
  for i = 1, #tokens do
    local kind = tokens:get(i, "kind")
    if kind == "word" then words = words + 1 end
    if kind == "number" then numbers = numbers + 1 end
  end
  if words < least then
    log(("%s has %d words"):format(doc:field("id") or "a document", words), "debug")
    doc:drop()
  end
  if numbers > words then
    doc:reject("mostly-numbers", ("%d numbers and only %d words: a table, not an article"):format(numbers, words))
  end
  doc:set("words", words)
  doc:set("minutes", math.ceil(words / 180))
end
