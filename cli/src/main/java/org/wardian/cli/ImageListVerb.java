package org.wardian.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.wardian.boot.catalogue.CatalogueException;
import org.wardian.boot.catalogue.ImageCache;
import org.wardian.boot.catalogue.ImageSummary;
import org.wardian.boot.catalogue.SystemCache;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ward image list}. */
@Command(
    name = "list",
    aliases = "ls",
    mixinStandardHelpOptions = true,
    description = "Lists the guests that can be run by name, and which of them are here already.")
final class ImageListVerb implements Callable<Integer> {
  private static final String ROW = "%-14s %-8s %9s  %-28s %s%n";

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<ImageSummary> images;
    try {
      images = new ArrayList<>(ImageCache.open().list());
      images.addAll(SystemCache.open().list());
    } catch (CatalogueException e) {
      throw CatalogueFailure.of(e);
    }
    if (json.asked()) {
      ArrayNode list = Json.array();
      images.forEach(image -> list.add(tree(image)));
      Json.print(out, list);
    } else {
      out.printf(ROW, "NAME", "STATE", "SIZE", "KERNEL", "WHAT");
      for (ImageSummary image : images) {
        out.printf(
            Locale.ROOT,
            ROW,
            image.name(),
            state(image),
            image.bytes() == 0
                ? "-"
                : String.format(Locale.ROOT, "%.1f MiB", image.bytes() / 1048576.0),
            image.kernelRelease() == null ? "-" : image.kernelRelease(),
            image.description());
      }
    }
    out.flush();
    return ExitStatus.OK.code();
  }

  private static String state(ImageSummary image) {
    return image.state().name().toLowerCase(Locale.ROOT);
  }

  private static ObjectNode tree(ImageSummary image) {
    ObjectNode node = Json.object();
    node.put("name", image.name());
    node.put("description", image.description());
    node.put("architecture", image.architecture());
    node.put("state", state(image));
    node.put("suite", image.suite());
    node.put("kernelRelease", image.kernelRelease());
    node.put("kernelVersion", image.kernelVersion());
    node.put("busyboxVersion", image.busyboxVersion());
    node.put("bytes", image.bytes());
    node.put("pulled", image.pulled() == null ? null : image.pulled().toString());
    node.put("folder", image.folder().toString());
    return node;
  }
}
