#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/config_file.h"
#include "runtime/config_reader.h"
#include "test/support/table.h"
#include "test/support/temporary_directory.h"

namespace headroom::runtime {
namespace {

using headroom::test::RowName;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Scalar {
  std::string name;
  std::string yaml;
  std::string json;
  friend void PrintTo(const Scalar& row, std::ostream* out) { *out << row.name; }
};
class YamlScalar : public testing::TestWithParam<Scalar> {};

TEST_P(YamlScalar, BecomesTheRightType) {
  const auto tree = parse_yaml("v: " + GetParam().yaml, "t");
  ASSERT_TRUE(tree.ok()) << tree.error().message;
  EXPECT_EQ(to_json(*tree), "{\"v\":" + GetParam().json + "}");
}

INSTANTIATE_TEST_SUITE_P(
    Table, YamlScalar,
    testing::Values(
        Scalar{"integer", "123", "123"}, Scalar{"negative integer", "-5", "-5"},
        Scalar{"quoted number is text", "\"123\"", "\"123\""}, Scalar{"single quotes too", "'true'", "\"true\""},
        Scalar{"block is text", "|\n  12", "\"12\""}, Scalar{"leading zero is not octal", "010", "\"010\""},
        Scalar{"decimal", "1.5", "1.5"}, Scalar{"exponent", "1e3", "1000"},
        Scalar{"version number is text", "1.2.3", "\"1.2.3\""}, Scalar{"date is text", "2026-01-02", "\"2026-01-02\""},
        Scalar{"sexagesimal is text", "1:20", "\"1:20\""}, Scalar{"hexadecimal is text", "0x1F", "\"0x1F\""},
        Scalar{"true", "true", "true"}, Scalar{"yes is text", "yes", "\"yes\""}, Scalar{"on is text", "on", "\"on\""},
        Scalar{"null", "null", "null"}, Scalar{"tilde", "~", "null"}, Scalar{"nothing", "", "null"},
        Scalar{"zero has no sign", "-0", "0"}, Scalar{"nor as a decimal (http_head_fuzz)", "-0.", "0"},
        Scalar{"nor with an exponent", "-0e5", "0"}, Scalar{"infinity is text", ".inf", "\".inf\""},
        Scalar{"not a number is text", ".nan", "\".nan\""}, Scalar{"past 64 bits", "99999999999999999999", "1e+20"},
        Scalar{"address is text", "127.0.0.1:80", "\"127.0.0.1:80\""},
        Scalar{"alias", "&a [1]\nw: *a\nx: 1", "[1],\"w\":[1],\"x\":1"}),
    RowName());

struct Refused {
  std::string name;
  std::string yaml;
  std::string message;
  friend void PrintTo(const Refused& row, std::ostream* out) { *out << row.name; }
};
class YamlError : public testing::TestWithParam<Refused> {};

TEST_P(YamlError, NamesTheFileAndThePlace) {
  const auto tree = parse_yaml(GetParam().yaml, "f.yaml");
  ASSERT_FALSE(tree.ok());
  EXPECT_EQ(tree.error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(tree.error().message, AllOf(HasSubstr("f.yaml"), HasSubstr(GetParam().message)));
}

std::string alias_bomb() {
  std::string yaml = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) yaml += last + ",";
    yaml += last + "]\n";
  }
  return yaml;
}

INSTANTIATE_TEST_SUITE_P(Table, YamlError,
                         testing::Values(Refused{"key twice", "a: 1\nb: 2\na: 3\n",
                                                 "f.yaml:3:1: key \"a\" stands twice"},
                                         Refused{"open bracket", "a: [1\n", "f.yaml:"},
                                         Refused{"a map as key", "{a: 1}: 2\n", "a key must be"},
                                         Refused{"merge key", "a: &a {x: 1}\nb:\n  <<: *a\n", "merge keys"},
                                         Refused{"foreign tag", "a: !!binary AAAA\n", "tag"},
                                         Refused{"two documents", "a: 1\n---\nb: 2\n", "more than one document"},
                                         Refused{"alias bomb", alias_bomb(), "more than a million"},
                                         Refused{"a document that never ends", ",\nw", "unexpected character"},
                                         Refused{"a control character", "a: 1\n\x04\n", "f.yaml:2:1: is not UTF-8, or"},
                                         Refused{"not UTF-8", "a: 1\nb: x\xA3y\n", "f.yaml:2:5: is not UTF-8"},
                                         Refused{"too deep", std::string(100, '[') + std::string(100, ']'), "levels"}),
                         RowName());

TEST(Yaml, ReadsSeveralDocumentsAndJson) {
  const auto documents = parse_yaml_documents("a: 1\n---\n# nothing\n---\n{\"b\": [true, \"x\\ny\"]}\n", "f");
  ASSERT_TRUE(documents.ok());
  ASSERT_EQ(documents->size(), 2u);
  EXPECT_EQ(to_json((*documents)[1]), R"({"b":[true,"x\ny"]})");
}

TEST(Yaml, AMissingFileIsNamed) {
  const auto tree = read_yaml_file("/nonexistent/f.yaml");
  ASSERT_FALSE(tree.ok());
  EXPECT_EQ(tree.error().kind, base::ErrorKind::not_found);
  EXPECT_THAT(tree.error().message, HasSubstr("/nonexistent/f.yaml"));
}

TEST(ConfigReader, ReadsTypedValuesAndDefaults) {
  const auto tree = parse_yaml(
      "port: 8080\nname: n\nratio: 2\nwait: 250ms\nstrict: true\nmode: Recommend\nlist: [a, b]\n"
      "tls: {cert: c}\nnodes: [{id: 1}, {id: 2}]\nwatts: {gpu: 400.5, cpu: 10}\nlabels: {a: b}\n",
      "f");
  ASSERT_TRUE(tree.ok());
  const ConfigReader root(*tree, "f");
  EXPECT_EQ(root.integer("port", {.fallback = 1, .least = 1, .most = 65'535}), 8'080);
  EXPECT_EQ(root.integer("absent", {.fallback = 7}), 7);
  EXPECT_EQ(root.required_text("name"), "n");
  EXPECT_DOUBLE_EQ(root.number("ratio", {}), 2.0);
  EXPECT_EQ(root.duration("wait", {}), base::Milliseconds(250));
  EXPECT_TRUE(root.flag("strict", false));
  EXPECT_EQ(root.choice("mode", {"Enforce", "Recommend"}, 0), 1u);
  EXPECT_THAT(root.text_list("list"), testing::ElementsAre("a", "b"));
  EXPECT_EQ(root.section("tls").text("cert", ""), "c");
  EXPECT_EQ(root.section("none").text("cert", "d"), "d");
  ASSERT_EQ(root.sections("nodes").size(), 2u);
  EXPECT_EQ(root.sections("nodes")[1].integer("id", {}), 2);
  EXPECT_EQ(root.sections("nodes")[0].integer("id", {}), 1);
  EXPECT_DOUBLE_EQ(root.named_numbers("watts")[0].second, 400.5);
  EXPECT_EQ(root.named_texts("labels")[0].second, "b");
  EXPECT_TRUE(root.finish().ok()) << root.finish().error().message;
}

TEST(ConfigReader, ListsAllProblemsAtOnceWithPathAndLine) {
  const auto tree = parse_yaml(
      "port: 70000\nname: 5\nwait: 10\nstrict: yes\nmode: enforce\nlist: [1]\ntls:\n  certt: c\nnodes:\n- id: x\n- 3\n"
      "extra: {a: 1}\n",
      "f.yaml");
  ASSERT_TRUE(tree.ok());
  const ConfigReader root(*tree, "f.yaml");
  (void)root.integer("port", {.fallback = 1, .least = 1, .most = 65'535});
  (void)root.text("name", "");
  (void)root.required_text("token");
  (void)root.duration("wait", {});
  (void)root.flag("strict", false);
  (void)root.choice("mode", {"Enforce", "Recommend"}, 0);
  (void)root.text_list("list");
  (void)root.section("tls").text("cert", "");
  for (const ConfigReader& node : root.sections("nodes")) (void)node.integer("id", {});
  const auto status = root.finish();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(status.error().message,
              AllOf(HasSubstr("f.yaml: port (line 1): must be from 1 to 65535"),
                    HasSubstr("name (line 2): must be text (in quotes where it looks like a number), is an integer"),
                    HasSubstr("token: must be given"), HasSubstr("wait (line 3): must be a duration"),
                    HasSubstr("strict (line 4): must be true or false, is text"),
                    HasSubstr("mode (line 5): must be one of: Enforce, Recommend"), HasSubstr("list (line 6): item 0"),
                    HasSubstr("tls.certt (line 8): unknown key")));
  EXPECT_THAT(status.error().message,
              AllOf(HasSubstr("nodes[0].id (line 10): must be an integer, is text"),
                    HasSubstr("nodes (line 10): item 1 must be a map"), HasSubstr("extra (line 12): unknown key")));
}

TEST(ConfigReader, AnEmptyFileIsAllDefaultsAndAListIsNoFile) {
  const ConfigValue nothing;
  const ConfigReader empty(nothing, "f");
  EXPECT_EQ(empty.text("a", "d"), "d");
  EXPECT_TRUE(empty.finish().ok());
  const auto list = parse_yaml("- a\n", "f");
  EXPECT_THAT(ConfigReader(*list, "f").finish().error().message, HasSubstr("must be a map"));
}

TEST(ConfigReader, CallersAddProblemsOfTheirOwn) {
  const auto tree = parse_yaml("a:\n  low: 5\n", "f");
  const ConfigReader root(*tree, "f");
  const ConfigReader section = root.section("a");
  (void)section.integer("low", {});
  section.problem("low", "must be above high");
  EXPECT_THAT(root.finish().error().message, HasSubstr("f: a.low (line 2): must be above high"));
}

}  // namespace
}  // namespace headroom::runtime
