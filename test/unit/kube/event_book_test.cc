#include "kube/event_book.h"

#include <gtest/gtest.h>

#include <string>

namespace headroom::kube {
namespace {

using base::Seconds;
using Fate = EventBook::Fate;

EventTime at(int seconds) {
  return {base::MonoTime(Seconds(1'000 + seconds)), base::WallTime(Seconds(1'800'000'000 + seconds))};
}

Event event(const std::string& reason, const std::string& note = "note") {
  Event made;
  made.regarding = {"v1", "Pod", "ns", "p", "u"};
  made.reason = reason;
  made.action = "Scheduling";
  made.note = note;
  return made;
}

TEST(EventBook, TheFirstIsWrittenAndItsLikesOnlyCounted) {
  EventBook book;
  const auto first = book.add(event("Refused"), at(0));
  ASSERT_EQ(first.fate, Fate::write);
  EXPECT_TRUE(first.write->create);
  for (int i = 1; i <= 20; ++i) EXPECT_EQ(book.add(event("Refused"), at(i)).fate, Fate::aggregated);
  EXPECT_TRUE(book.due(at(29).mono).empty()) << "a series is not written more often than every 30 s";
  const auto due = book.due(at(30).mono);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].count, 21u);
  EXPECT_EQ(due[0].name, first.write->name);
  EXPECT_FALSE(due[0].create);
  EXPECT_TRUE(book.due(at(61).mono).empty()) << "nothing new, nothing written";
}

TEST(EventBook, SixQuietMinutesEndASeries) {
  EventBook book;
  EXPECT_EQ(book.add(event("Refused"), at(0)).fate, Fate::write);
  EXPECT_EQ(book.add(event("Refused"), at(359)).fate, Fate::aggregated);
  EXPECT_EQ(book.add(event("Refused"), at(359 + 360)).fate, Fate::write);
}

TEST(EventBook, AnObjectHasABurstAndThenABudget) {
  EventBook book;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(book.add(event("R" + std::to_string(i)), at(0)).fate, Fate::write) << i;
  EXPECT_EQ(book.add(event("R10"), at(0)).fate, Fate::dropped);
  EXPECT_EQ(book.add(event("R11"), at(59)).fate, Fate::dropped);
  EXPECT_EQ(book.add(event("R12"), at(60)).fate, Fate::write);
  Event other = event("R13");
  other.regarding.name = "another";
  EXPECT_EQ(book.add(other, at(60)).fate, Fate::write) << "budgets are per object";
}

TEST(EventBook, ALongNoteIsCutAtACharactersEdge) {
  EventBook book;
  std::string note;
  while (note.size() < 2'000) note += "\xc3\xa4";
  const auto added = book.add(event("Refused", "x" + note), at(0));
  ASSERT_TRUE(added.write);
  const std::string& cut = added.write->event.note;
  EXPECT_EQ(cut.size(), 1'023u);
  EXPECT_EQ(cut.substr(cut.size() - 2), "\xc3\xa4");
}

TEST(EventBook, EventsOfClusterScopedObjectsGoToTheDefaultNamespace) {
  EXPECT_EQ(event_namespace({"v1", "Node", "", "n", ""}), "default");
  EXPECT_EQ(event_namespace({"v1", "Pod", "ns", "p", ""}), "ns");
}

TEST(EventBook, TheBodyCarriesEveryFieldTheApiAsksFor) {
  EventBook book;
  const auto added = book.add(event("Refused", "no \"room\""), at(0));
  const std::string body = event_body(*added.write, {"powercapping.example.com/controller", "pod-1"});
  for (const char* part :
       {R"("eventTime":"2027-01-15T08:00:00.000000Z")",
        R"("reportingController":"powercapping.example.com/controller")", R"("reportingInstance":"pod-1")",
        R"("action":"Scheduling")", R"("reason":"Refused")", R"("type":"Normal")",
        R"("regarding":{"apiVersion":"v1","kind":"Pod","name":"p","namespace":"ns","uid":"u"})",
        R"("note":"no \"room\"")"}) {
    EXPECT_NE(body.find(part), std::string::npos) << part << "\n" << body;
  }
}

}  // namespace
}  // namespace headroom::kube
