package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.definition.xml.XmlElement;

/**
 * A rename writes the new file and then removes the old one. Where the daemon was killed between,
 * both are there, with nothing but the name to tell them apart: the older one is removed.
 */
final class UnfinishedRenames {
  private static final System.Logger LOG = System.getLogger(UnfinishedRenames.class.getName());

  private final DefinitionFolder files;

  UnfinishedRenames(DefinitionFolder files) {
    this.files = files;
  }

  /**
   * Finishes them.
   *
   * @param definitions all by their files' names; the older ones are taken out
   */
  void end(Map<String, XmlElement> definitions) throws IOException {
    Map<String, String> newest = new HashMap<>();
    for (String name : new ArrayList<>(definitions.keySet())) {
      String nameless = nameless(definitions.get(name));
      String other = newest.putIfAbsent(nameless, name);
      if (other != null) {
        List<String> both = isOlder(other, name) ? List.of(other, name) : List.of(name, other);
        LOG.log(
            System.Logger.Level.WARNING,
            "the rename of domain " + both.getFirst() + " to " + both.getLast() + " is finished");
        files.delete(both.getFirst());
        definitions.remove(both.getFirst());
        newest.put(nameless, both.getLast());
      }
    }
  }

  private boolean isOlder(String one, String other) throws IOException {
    FileTime first = Files.getLastModifiedTime(files.file(one));
    return first.compareTo(Files.getLastModifiedTime(files.file(other))) < 0;
  }

  /** The document without its name; its identity is in it, so that no two domains have the same. */
  private static String nameless(XmlElement definition) {
    XmlElement copy = definition.copy();
    copy.remove("name");
    return copy.child("uuid") == null ? definition.toString() : copy.toString();
  }
}
