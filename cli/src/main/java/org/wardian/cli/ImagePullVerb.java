package org.wardian.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.wardian.boot.catalogue.CachedImage;
import org.wardian.boot.catalogue.CatalogueException;
import org.wardian.boot.catalogue.GuestCatalogue;
import org.wardian.boot.catalogue.ImageCache;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ward image pull}. */
@Command(
    name = "pull",
    mixinStandardHelpOptions = true,
    description = {
      "Fetches guests anew, also those that are there already: a newer kernel replaces the older"
          + " one once it is whole and verified.",
      ""
    })
final class ImagePullVerb implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;

  @Parameters(
      paramLabel = "GUEST",
      description = "Guests by name, as 'ward image list' has them (default: ${DEFAULT-VALUE}).",
      defaultValue = GuestCatalogue.DEFAULT_GUEST)
  private List<String> guests;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    ArrayNode list = Json.array();
    try {
      for (String guest : guests) {
        GuestCatalogue.find(guest); // a name that is wrong stops before anything is fetched
      }
      ImageCache cache = ImageCache.open();
      for (String guest : guests) {
        CachedImage image = cache.pull(guest, Progress.onStandardError());
        if (json.asked()) {
          list.addObject()
              .put("name", guest)
              .put("kernelRelease", image.manifest().kernelRelease())
              .put("folder", image.folder().toString());
        } else {
          out.println(guest + ": Linux " + image.manifest().kernelRelease() + ", verified");
        }
      }
    } catch (CatalogueException e) {
      throw CatalogueFailure.of(e);
    }
    if (json.asked()) {
      Json.print(out, list);
    }
    out.flush();
    return ExitStatus.OK.code();
  }
}
