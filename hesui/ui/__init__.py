"""The page: one file a tab, theme, texts in 中文 and English. Knows the domain; nothing in the domain knows it."""
