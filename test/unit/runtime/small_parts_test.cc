// Logging, metrics, files, clock and lifecycle.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "runtime/file.h"
#include "runtime/json_text.h"
#include "runtime/lifecycle.h"
#include "runtime/listener_service.h"
#include "runtime/logging.h"
#include "runtime/metrics.h"
#include "runtime/system_clock.h"
#include "test/support/temporary_directory.h"

namespace headroom::runtime {
namespace {

using headroom::test::TemporaryDirectory;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(JsonText, EscapesWhatWouldBreakALineOrAString) {
  EXPECT_EQ(json_quoted("a\"b\\c\nd\r\te\x01\x7F"), R"("a\"b\\c\nd\r\te\u0001\u007f")");
  EXPECT_EQ(json_quoted("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x94\x8C"),
            "\"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x94\x8C\"");
}

TEST(JsonText, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(json_quoted("a\xFF\x62"), "\"a\\ufffdb\"");
  EXPECT_EQ(json_quoted("\xC0\xAF"), "\"\\ufffd\\ufffd\"") << "overlong";
  EXPECT_EQ(json_quoted("\xED\xA0\x80"), "\"\\ufffd\\ufffd\\ufffd\"") << "surrogate";
  EXPECT_EQ(json_quoted("\xE2\x82"), "\"\\ufffd\\ufffd\"") << "cut short";
}

TEST(JsonText, WritesNumbersShortAndNeverNaN) {
  EXPECT_EQ(json_number(0.1), "0.1");
  EXPECT_EQ(json_number(1500), "1500");
  EXPECT_EQ(json_number(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(json_number(std::numeric_limits<double>::infinity()), "null");
}

TEST(Logging, JsonLinesCarryTypedFieldsAndCannotBeForged) {
  EXPECT_EQ(
      json_log_body("extender", "bound", {{"pod", "a\",\"level\":\"error"}, {"watts", 12.5}, {"n", 3}, {"ok", true}}),
      R"("component":"extender","message":"bound","pod":"a\",\"level\":\"error","watts":12.5,"n":3,"ok":true)");
}

TEST(Logging, TextLinesStayOneLine) {
  EXPECT_EQ(text_log_body("kube", "gone\nERROR fake", {{"pod", "x\ny"}, {"n", 1}}),
            "[kube] gone\\nERROR fake pod=\"x\\ny\" n=1");
}

TEST(Logging, LinesAreWholeJsonAndLevelsAreKept) {
  configure_logging({LogLevel::info, LogFormat::json});
  testing::internal::CaptureStderr();
  log_debug("test", "not shown");
  log_warning("test", "shown {} %v", {{"path", "/a\"b"}});
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_THAT(line, testing::MatchesRegex("\\{\"time\":\"[0-9T:.-]+Z\",\"level\":\"warning\",\"component\":\"test\","
                                          "\"message\":\"shown \\{\\} %v\",\"path\":\"/a\\\\\"b\"\\}\n"));
}

TEST(Metrics, ExposesCountersGaugesHistogramsAndCollectors) {
  MetricsRegistry registry;
  const Counter counter = registry.counter({"headroom_test_total", "Things."}, {{"verb", "filter"}});
  counter.add();
  registry.counter({"headroom_test_total", "Things."}, {{"verb", "filter"}}).add(2);
  registry.gauge({"headroom_test_watts", "Watts."}).set(12.5);
  registry.histogram({"headroom_test_seconds", "Time."}, {0.1, 1}).observe(0.5);
  registry.add_collector([] {
    return std::vector<CollectedFamily>{
        {{"headroom_rack_watts", "Load."}, MetricType::gauge, {{{{"rack", "a\"1"}}, 7}}},
        {{"headroom_nothing", "Never shown."}, MetricType::gauge, {}}};
  });
  const std::string text = registry.expose();
  EXPECT_DOUBLE_EQ(counter.value(), 3);
  EXPECT_THAT(text, HasSubstr("headroom_test_total{verb=\"filter\"} 3"));
  EXPECT_THAT(text, HasSubstr("# TYPE headroom_test_watts gauge\nheadroom_test_watts 12.5"));
  EXPECT_THAT(text, HasSubstr("headroom_test_seconds_bucket{le=\"1\"} 1"));
  EXPECT_THAT(text, HasSubstr("headroom_rack_watts{rack=\"a\\\"1\"} 7"));
  EXPECT_THAT(text, Not(HasSubstr("headroom_nothing")));
  EXPECT_EQ(registry.scrape_response().content_type, "text/plain; version=0.0.4; charset=utf-8");
}

TEST(File, ReadsWholeFilesAndNamesWhatItCannot) {
  const TemporaryDirectory directory;
  const std::string content("a\0b\n", 4);
  EXPECT_EQ(*read_file(directory.write("f", content)), content);
  EXPECT_EQ(read_file(directory.path("none")).error().kind, base::ErrorKind::not_found);
  EXPECT_EQ(read_file(directory.path("")).error().kind, base::ErrorKind::invalid_input) << "a directory";
  EXPECT_EQ(read_file(directory.path("f"), 3).error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(read_file(directory.path("none")).error().message, HasSubstr(directory.path("none")));
}

TEST(File, AtomicWritesReplaceAndLeaveNothingBehind) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("f", "old");
  const auto before = file_stamp(path);
  ASSERT_TRUE(write_file_atomically(path, "new").ok());
  EXPECT_EQ(*read_file(path), "new");
  EXPECT_NE(file_stamp(path), before);
  EXPECT_FALSE(write_file_atomically(directory.path("none/f"), "x").ok());
  const auto files = std::filesystem::directory_iterator(directory.path(""));
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST(File, StampsSeeASwappedSymlink) {
  const TemporaryDirectory directory;
  directory.write("a", "x");
  directory.write("b", "x");
  std::filesystem::create_symlink("a", directory.path("link"));
  const auto before = file_stamp(directory.path("link"));
  std::filesystem::remove(directory.path("link"));
  EXPECT_EQ(file_stamp(directory.path("link")), std::nullopt);
  std::filesystem::create_symlink("b", directory.path("link"));
  EXPECT_NE(file_stamp(directory.path("link")), before);
}

TEST(SystemClock, WaitsUntilTheDeadlineOrTheStop) {
  SystemClock clock;
  const auto begin = clock.mono_now();
  EXPECT_EQ(clock.wait_until(begin + base::Milliseconds(20), {}), base::WaitResult::deadline_reached);
  EXPECT_GE(clock.mono_now() - begin, base::Milliseconds(20));
  std::stop_source source;
  std::jthread stopper([&] { source.request_stop(); });
  EXPECT_EQ(clock.wait_until(begin + base::Seconds(60), source.get_token()), base::WaitResult::stop_requested);
}

TEST(ServiceGroup, StartsInOrderAndStopsInReverse) {
  std::vector<std::string> events;
  const auto service = [&](const std::string& name) {
    return Service{name,
                   [&events, name] {
                     events.push_back("start " + name);
                     return base::ok_status();
                   },
                   [&events, name] { events.push_back("stop " + name); }};
  };
  {
    ServiceGroup group;
    group.add(service("a"));
    group.add(
        "b", [&] { events.emplace_back("start b"); }, [&] { events.emplace_back("stop b"); });
    ASSERT_TRUE(group.start().ok());
    group.stop();
    group.stop();
  }
  EXPECT_THAT(events, ElementsAre("start a", "start b", "stop b", "stop a"));
}

TEST(ServiceGroup, AListenersPortIsTold) {
  HttpServerOptions options;
  options.name = "listener";
  options.address = "127.0.0.1";
  HttpServer server(options);
  std::uint16_t port = 0;
  ServiceGroup group;
  group.add(listener_service("listener", server, [&](std::uint16_t bound) { port = bound; }));
  ASSERT_TRUE(group.start().ok());
  EXPECT_NE(port, 0);
  options.port = port;
  HttpServer second(options);
  ServiceGroup late;
  late.add(listener_service("second", second, [](std::uint16_t) { FAIL() << "the port is in use"; }));
  const auto status = late.start();
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("second: "));
}

TEST(ServiceGroup, AFailedStartStopsWhatRunsAndNamesTheService) {
  std::vector<std::string> events;
  ServiceGroup group;
  group.add({"store", [] { return base::ok_status(); }, [&] { events.push_back("stop store"); }});
  group.add(
      {"server", [] { return base::Status(base::unavailable("port in use")); }, [&] { events.push_back("never"); }});
  const auto status = group.start();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "server: port in use");
  EXPECT_THAT(events, ElementsAre("stop store"));
}

// In a process of its own, because signals belong to a process.
TEST(ShutdownSignals, ASignalStopsAndASecondOneEndsTheProcess) {
  const auto child = [](int signals) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ShutdownSignals shutdown;
      for (int i = 0; i < signals; ++i) {
        ::kill(::getpid(), SIGTERM);
        shutdown.wait();
      }
      if (signals > 1) ::pause();
      ::_exit(shutdown.token().stop_requested() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  EXPECT_EQ(child(1), 0);
  EXPECT_EQ(child(2), 130);
}

}  // namespace
}  // namespace headroom::runtime
