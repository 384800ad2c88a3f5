"""The lectures and papers that claims and findings name, in full."""

from __future__ import annotations

from collections.abc import Iterable

LECTURES = {
    "stanford-scribe": "CS231n: Convolutional Neural Networks for Visual Recognition, Stanford, spring 2017. "
    "Lecture 6, Training neural networks I. Scribe notes.",
    "lecture-review": "A student's review of CS231n, lecture 6: Training neural networks I. 2020.",
    "nn1-notes": "Training neural networks I. Course notes, modified from those of CS231n, Stanford.",
    "chicago-14": "CMSC 35400 / STAT 37710: Machine Learning, University of Chicago. "
    "Topic 14, Training neural networks.",
    "csci-497p": "CSCI 497P/597P: Computer Vision. Convolutional neural networks and some of the practicalities "
    "that make them work.",
}

PAPERS = {
    "Glorot and Bengio 2010": "X. Glorot and Y. Bengio. Understanding the difficulty of training deep feedforward "
    "neural networks. AISTATS 2010.",
    "He et al. 2015": "K. He, X. Zhang, S. Ren and J. Sun. Delving deep into rectifiers: surpassing human-level "
    "performance on ImageNet classification. ICCV 2015.",
    "Poole et al. 2016": "B. Poole, S. Lahiri, M. Raghu, J. Sohl-Dickstein and S. Ganguli. Exponential "
    "expressivity in deep neural networks through transient chaos. NeurIPS 2016.",
    "Schoenholz et al. 2017": "S. S. Schoenholz, J. Gilmer, S. Ganguli and J. Sohl-Dickstein. Deep information "
    "propagation. ICLR 2017.",
    "Ioffe and Szegedy 2015": "S. Ioffe and C. Szegedy. Batch normalization: accelerating deep network training "
    "by reducing internal covariate shift. ICML 2015.",
    "Goodfellow, Bengio and Courville 2016": "I. Goodfellow, Y. Bengio and A. Courville. Deep learning. MIT Press, "
    "2016.",
    "Lu et al. 2020": "L. Lu, Y. Shin, Y. Su and G. E. Karniadakis. Dying ReLU and initialization: theory and "
    "numerical examples. Communications in Computational Physics 28(5), 2020.",
}


def references(keys: Iterable[str]) -> list[tuple[str, str]]:
    """Return (key, full reference) of every key, once each in order of first use; one unknown stands for itself."""
    known = LECTURES | PAPERS
    found: dict[str, str] = {}
    for key in keys:
        name = next((paper for paper in known if key.startswith(paper)), key)
        found.setdefault(name, known.get(name, name))
    return list(found.items())
