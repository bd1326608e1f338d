package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;
import org.wardian.storage.job.Job;
import org.wardian.storage.job.JobException;

/** What is asked of jobs, whatever their kind. */
final class JobCommands {
  private final JobTable jobs;

  JobCommands(JobTable jobs) {
    this.jobs = jobs;
  }

  /** What a command does with its job. */
  private interface Wish {
    void ask(Job job, Arguments arguments) throws JobException, QmpException;
  }

  void addTo(CommandTable table) {
    table.add("query-block-jobs", List.of(), arguments -> blockJobs());
    table.add("query-jobs", List.of(), arguments -> all());
    table.add(
        "block-job-set-speed",
        List.of(required("device", ParameterType.STRING), required("speed", ParameterType.INTEGER)),
        arguments ->
            ask(
                jobs.blockJob(arguments.string("device")),
                arguments,
                (job, given) -> job.setSpeed(given.integer("speed"))));
    table.add(
        "block-job-cancel",
        List.of(required("device", ParameterType.STRING), optional("force", ParameterType.BOOLEAN)),
        arguments ->
            ask(
                jobs.blockJob(arguments.string("device")),
                arguments,
                (job, given) -> job.cancel(given.bool("force", false))));
    both(table, "pause", "device", (job, given) -> job.pause());
    both(table, "resume", "device", (job, given) -> job.resume());
    both(table, "complete", "device", (job, given) -> job.complete());
    both(table, "finalize", "id", (job, given) -> job.finalizeJob());
    both(table, "dismiss", "id", (job, given) -> job.dismiss());
    table.add(
        "job-cancel",
        List.of(required("id", ParameterType.STRING)),
        arguments ->
            ask(jobs.job(arguments.string("id")), arguments, (job, given) -> job.cancel(true)));
  }

  private void both(CommandTable table, String verb, String key, Wish wish) {
    table.add(
        "block-job-" + verb,
        List.of(required(key, ParameterType.STRING)),
        arguments -> ask(jobs.blockJob(arguments.string(key)), arguments, wish));
    table.add(
        "job-" + verb,
        List.of(required("id", ParameterType.STRING)),
        arguments -> ask(jobs.job(arguments.string("id")), arguments, wish));
  }

  private static JsonNode ask(Job job, Arguments arguments, Wish wish) throws QmpException {
    try {
      wish.ask(job, arguments);
      return Arguments.none();
    } catch (JobException e) {
      throw new QmpException(e.getMessage());
    }
  }

  private ArrayNode blockJobs() {
    ArrayNode list = Replies.list();
    for (JobTable.Entry entry : jobs.all()) {
      Job job = entry.job();
      String status = job.status().text();
      ObjectNode row =
          list.addObject()
              .put("auto-finalize", job.options().autoFinalize())
              .put("io-status", job.ioStatus())
              .put("device", job.id())
              .put("auto-dismiss", job.options().autoDismiss())
              .put("busy", job.busy())
              .put("len", job.length())
              .put("offset", job.offset())
              .put("status", status)
              .put("paused", job.paused())
              .put("speed", job.speed())
              .put("ready", status.equals("ready") || status.equals("standby"))
              .put("type", job.type());
      error(row, job);
    }
    return list;
  }

  private static void error(ObjectNode row, Job job) {
    String error = job.error();
    if (error != null) {
      row.put("error", error);
    }
  }

  private ArrayNode all() {
    ArrayNode list = Replies.list();
    for (JobTable.Entry entry : jobs.all()) {
      Job job = entry.job();
      ObjectNode row =
          list.addObject()
              .put("current-progress", job.offset())
              .put("status", job.status().text())
              .put("total-progress", job.length())
              .put("type", job.type())
              .put("id", job.id());
      error(row, job);
    }
    return list;
  }
}
