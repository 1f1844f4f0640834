#include "rapl-agent/sysfs/open_files.h"

namespace headroom::rapl_agent::sysfs {
namespace {

int error_of(const FileNumber& read) {
  return read.error;
}
int error_of(int error) {
  return error;
}

}  // namespace

OpenFiles::~OpenFiles() {
  *room_ += static_cast<int>(read_.size() + write_.size());
}

template <class Result, class Open, class Use>
Result OpenFiles::with(Kept& kept, const std::string& path, Open open, Use use) {
  const std::lock_guard lock(mutex_);
  if (const auto known = kept.find(path); known != kept.end()) {
    const Result result = use(known->second);
    if (error_of(result) != 0) {
      kept.erase(known);
      ++*room_;
    }
    return result;
  }
  OpenedFile opened = open(path);
  if (opened.error != 0) return Result{opened.error};
  const Result result = use(opened.file);
  if (error_of(result) != 0) return result;
  if (--*room_ >= 0) {
    kept.emplace(path, std::move(opened.file));
  } else {
    ++*room_;
  }
  return result;
}

FileNumber OpenFiles::read_number(const std::string& path) {
  return with<FileNumber>(read_, path, open_to_read,
                          [](const runtime::UniqueFd& file) { return sysfs::read_number(file); });
}

int OpenFiles::write_number(const std::string& path, std::uint64_t value, WriteTo where) {
  return with<int>(
      write_, path, [where](const std::string& name) { return open_to_write(name, where); },
      [value](const runtime::UniqueFd& file) { return sysfs::write_number(file, value); });
}

}  // namespace headroom::rapl_agent::sysfs
