// Content types by the ending of a file's name.
//
// Thread safety: functions of their arguments. The text lives for ever.
//
//   ContentTypeOf("a/page.HTML")  // "text/html; charset=utf-8"
#ifndef PLUGINS_STATIC_FILES_CONTENT_TYPE_H_
#define PLUGINS_STATIC_FILES_CONTENT_TYPE_H_

#include <string_view>

namespace cluster::static_files {

// "application/octet-stream" for what is not known.
std::string_view ContentTypeOf(std::string_view path);

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_CONTENT_TYPE_H_
