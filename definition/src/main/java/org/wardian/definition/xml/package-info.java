/**
 * XML as libvirt's documents use it: read with limits, kept as a tree, written in libvirt's form.
 */
package org.wardian.definition.xml;
