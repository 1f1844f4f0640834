#include "rapl-agent/standalone/node_marks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headroom::rapl_agent::standalone {
namespace {

using core::Field;
using Kind = core::Recovered::Kind;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

core::ControlKey key(int package, Field field) {
  return {"rapl/package-" + std::to_string(package), core::Surface::msr, field};
}
constexpr std::uint64_t micro(std::uint64_t watts) {
  return watts * 1'000'000;
}

core::DomainReport package(int number, std::int64_t cap) {
  core::DomainReport domain;
  domain.id = "rapl/package-" + std::to_string(number);
  domain.cappable = true;
  domain.ceiling = base::watts(125);
  domain.charged = base::watts(cap);
  const auto read_back = micro(static_cast<std::uint64_t>(cap));
  domain.controls = {{key(number, Field::long_term_limit), micro(125), read_back, read_back},
                     {key(number, Field::short_term_limit), micro(150), {}, read_back},
                     {key(number, Field::enabled), 1, 1, 1}};
  return domain;
}

core::AgentReport two_packages() {
  core::AgentReport report;
  report.domains = {package(0, 70), package(1, 60)};
  core::DomainReport psys;
  psys.id = "rapl/psys";
  psys.kind = core::DomainKind::node_meter;
  report.domains.push_back(psys);
  return report;
}

TEST(Marks, tell_the_markets_volume_and_price_where_the_source_knows_them) {
  const auto marks = marks_of(two_packages(), {CapScope::node, "table", "06:00-06:15", {"812.4", "61.05"}});
  EXPECT_THAT(marks.annotations, Contains(Pair("rapl/market-volume", "812.4")));
  EXPECT_THAT(marks.annotations, Contains(Pair("rapl/market-price", "61.05")));
  const auto none = marks_of(two_packages(), {CapScope::node, "sine", ""});
  EXPECT_FALSE(none.annotations.contains("rapl/market-volume"));
  EXPECT_FALSE(none.annotations.contains("rapl/market-price"));
}

TEST(Marks, carry_the_labels_and_annotations_of_all_eras) {
  const auto marks = marks_of(two_packages(), {CapScope::node, "sine", "06:00-06:15"});
  for (const auto& expected : std::map<std::string, std::string>{{"rapl0/constraint_0_power_limit_uw", "70000000"},
                                                                 {"rapl1/constraint_1_power_limit_uw", "60000000"},
                                                                 {"crapl0/constraint_0_power_limit_uw", "125000000"},
                                                                 {"crapl1/constraint_1_power_limit_uw", "150000000"},
                                                                 {"rapl0/constraint-0-power-limit-uw", "70000000"},
                                                                 {"crapl1/constraint-0-power-limit-uw", "125000000"},
                                                                 {"rapl/pmax", "130000000"},
                                                                 {"rapl/max_power_uw", "250000000"}}) {
    EXPECT_THAT(marks.labels, Contains(expected));
  }
  EXPECT_THAT(marks.annotations, Contains(Pair("rapl/pmax", "130000000")));
  EXPECT_THAT(marks.annotations, Contains(Pair("rapl/max_power_uw", "250000000")));
  EXPECT_THAT(marks.annotations, Contains(Pair("rapl/provider", "sine")));
  EXPECT_THAT(marks.annotations, Contains(Pair("rapl/market-period", "06:00-06:15")));
  EXPECT_THAT(marks.annotations, Contains(Pair("power-manager/initialized", "kcas-power-manager")));
  EXPECT_EQ(marks.labels.size(), 18U);
}

TEST(Marks, by_the_old_reading_pmax_is_one_packages_cap) {
  const auto marks = marks_of(two_packages(), {CapScope::domain, "sine", ""});
  EXPECT_THAT(marks.labels, Contains(Pair("rapl/pmax", "70000000")));
  EXPECT_THAT(marks.labels, Contains(Pair("rapl/max_power_uw", "125000000")));
  EXPECT_THAT(marks.annotations, Not(Contains(Key("rapl/market-period"))));
}

TEST(Marks, a_limit_that_could_not_be_read_back_is_not_claimed) {
  auto report = two_packages();
  report.domains[0].controls[0].read_back.reset();
  report.domains[0].charged = base::watts(125);
  const auto marks = marks_of(report, {CapScope::node, "sine", ""});
  EXPECT_THAT(marks.labels, Not(Contains(Key("rapl0/constraint_0_power_limit_uw"))));
  EXPECT_THAT(marks.labels, Contains(Pair("rapl/pmax", "185000000"))) << "it counts at its ceiling";
}

TEST(Marks, a_node_without_packages_carries_none) {
  EXPECT_EQ(marks_of({}, {CapScope::node, "sine", ""}), NodeMarks{});
}

TEST(Hardware, is_the_packages_alone) {
  const auto hardware = hardware_of(two_packages());
  EXPECT_EQ(hardware.maxima, (std::vector{base::watts(125), base::watts(125)}));
  EXPECT_EQ(hardware.originals, (std::vector{base::watts(125), base::watts(150), base::watts(125), base::watts(150)}));
}

// ------------------------------------------------------------------------------------------------------- originals

NotedOriginals noted() {
  return {"boot-1",
          {{.key = key(0, Field::long_term_limit), .original = micro(125), .last_written = {}, .pending = {}},
           {.key = key(0, Field::short_term_limit), .original = micro(150), .last_written = {}, .pending = {}}}};
}

TEST(Originals, on_the_node_are_read_as_they_were_written) {
  NodeMarks marks;
  marks.annotations[std::string(kOriginalsAnnotation)] = originals_text(noted());
  EXPECT_EQ(originals_in(marks), noted());
}

TEST(Originals, that_are_not_certain_are_not_noted) {
  auto originals = noted();
  originals.controls[0].original_certain = false;
  originals.controls[1].original.reset();
  EXPECT_EQ(originals_text(originals), "v1 boot-1");
}

TEST(Originals, that_somebody_spoiled_are_none) {
  for (const std::string text : {"", "v2 boot-1", "v1 b; rapl/package-0", "v1 b; rapl/package-0 msr long_term_limit",
                                 "v1 b; rapl/package-0 msr long_term_limit -5", "v1 b; x y z 1"}) {
    NodeMarks marks;
    marks.annotations[std::string(kOriginalsAnnotation)] = text;
    EXPECT_FALSE(originals_in(marks)) << text;
  }
}

// --------------------------------------------------------------------------------------------------------- recovery

RecoverInput after_a_new_container() {
  RecoverInput input;
  input.boot_id = "boot-1";
  input.standing = {{key(0, Field::long_term_limit), 0, micro(40), base::watts(125)},
                    {key(0, Field::short_term_limit), 0, micro(40), {}}};
  return input;
}

TEST(Recovery, our_annotation_of_this_boot_gives_the_originals) {
  auto input = after_a_new_container();
  input.marks.annotations[std::string(kOriginalsAnnotation)] = originals_text(noted());
  const auto recovered = recover(input);
  EXPECT_EQ(recovered.kind, Kind::same_boot);
  EXPECT_EQ(recovered.state.boot_id, "boot-1");
  auto expected = noted().controls;
  for (auto& control : expected) control.last_written = micro(40);
  EXPECT_EQ(recovered.state.controls, expected);
  EXPECT_THAT(recovered.notes, Contains(HasSubstr("annotation")));
}

TEST(Recovery, our_annotation_of_another_boot_is_history_and_so_are_powercaps_labels_beside_it) {
  auto input = after_a_new_container();
  auto old = noted();
  old.boot_id = "boot-0";
  input.marks.annotations[std::string(kOriginalsAnnotation)] = originals_text(old);
  input.marks.labels["crapl0/constraint_0_power_limit_uw"] = "125000000";
  const auto recovered = recover(input);
  EXPECT_EQ(recovered.kind, Kind::nothing);
  EXPECT_TRUE(recovered.state.controls.empty());
}

TEST(Recovery, a_journal_of_this_boot_wins) {
  auto input = after_a_new_container();
  input.journal.kind = Kind::same_boot;
  input.journal.state.boot_id = "boot-1";
  input.marks.annotations[std::string(kOriginalsAnnotation)] = originals_text(noted());
  EXPECT_TRUE(recover(input).state.controls.empty());
}

TEST(Recovery, another_agent_on_the_node_stays_another_agent) {
  auto input = after_a_new_container();
  input.journal.kind = Kind::locked;
  input.marks.annotations[std::string(kOriginalsAnnotation)] = originals_text(noted());
  EXPECT_EQ(recover(input).kind, Kind::locked);
}

TEST(Recovery, powercaps_labels_of_either_spelling_tell_what_stood_before_it) {
  for (const std::string label : {"crapl0/constraint_0_power_limit_uw", "crapl0/constraint-0-power-limit-uw"}) {
    auto input = after_a_new_container();
    input.marks.labels[label] = "125000000";
    const auto recovered = recover(input);
    ASSERT_EQ(recovered.kind, Kind::same_boot) << label;
    ASSERT_EQ(recovered.state.controls.size(), 1U);
    EXPECT_EQ(recovered.state.controls[0].original, micro(125));
    EXPECT_EQ(recovered.state.controls[0].last_written, micro(40));
  }
}

TEST(Recovery, a_label_below_what_stands_is_no_original) {
  auto input = after_a_new_container();
  input.marks.labels["crapl0/constraint_0_power_limit_uw"] = "30000000";
  EXPECT_TRUE(recover(input).state.controls.empty());
}

TEST(Recovery, of_later_powercaps_a_limit_that_equals_pmax_was_theirs) {
  for (const bool as_annotations : {false, true}) {
    auto input = after_a_new_container();
    auto& carrier = as_annotations ? input.marks.annotations : input.marks.labels;
    carrier["rapl/pmax"] = "40000000";
    carrier["rapl/max_power_uw"] = "250000000";
    const auto recovered = recover(input);
    ASSERT_EQ(recovered.state.controls.size(), 2U);
    EXPECT_EQ(recovered.state.controls[0].original, micro(125)) << "no more than the hardware says";
    EXPECT_EQ(recovered.state.controls[1].original, micro(250));
  }
}

TEST(Recovery, a_limit_that_powercap_did_not_set_is_its_own_original) {
  auto input = after_a_new_container();
  input.marks.labels["rapl/pmax"] = "70000000";
  input.marks.labels["rapl/max_power_uw"] = "250000000";
  EXPECT_TRUE(recover(input).state.controls.empty());
}

}  // namespace
}  // namespace headroom::rapl_agent::standalone
