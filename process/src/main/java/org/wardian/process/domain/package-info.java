/** A domain's document as a machine: what it names is opened, by the names of its aliases. */
package org.wardian.process.domain;
