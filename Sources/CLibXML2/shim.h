#pragma once
#include <libxml/xmlversion.h>
// Debian's libxml2 shows ICU's types at the end of one structure that nobody here touches. Foundation brings
// an ICU of its own, and a file that sees both does not compile.
#undef LIBXML_ICU_ENABLED
#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
