"""信易贷·渝惠融: the loan marketplace (`market`) and the public-credit base (`credit`) under it."""
