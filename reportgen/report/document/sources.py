"""Full references of the lectures and papers that claims, findings and methods cite."""

from __future__ import annotations

import re
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
    "Bengio 2012": "Y. Bengio. Practical recommendations for gradient-based training of deep "
    "architectures. In Neural networks: tricks of the trade, Springer, 2012.",
    "Bergstra and Bengio 2012": "J. Bergstra and Y. Bengio. Random search for hyper-parameter optimization. Journal "
    "of Machine Learning Research 13, 2012.",
    "Bottou, Curtis and Nocedal 2018": "L. Bottou, F. E. Curtis and J. Nocedal. Optimization methods for large-scale "
    "machine learning. SIAM Review 60(2), 2018.",
    "Buda, Maki and Mazurowski 2018": "M. Buda, A. Maki and M. A. Mazurowski. A systematic study of the class "
    "imbalance problem in convolutional neural networks. Neural Networks 106, 2018.",
    "Clevert, Unterthiner and Hochreiter 2016": "D.-A. Clevert, T. Unterthiner and S. Hochreiter. Fast and accurate "
    "deep network learning by exponential linear units (ELUs). ICLR 2016.",
    "Clopper and Pearson 1934": "C. J. Clopper and E. S. Pearson. The use of confidence or fiducial limits illustrated "
    "in the case of the binomial. Biometrika 26(4), 1934.",
    "Cohen et al. 2021": "J. M. Cohen, S. Kaur, Y. Li, J. Z. Kolter and A. Talwalkar. Gradient descent on neural "
    "networks typically occurs at the edge of stability. ICLR 2021.",
    "De and Smith 2020": "S. De and S. L. Smith. Batch normalization biases residual blocks towards the identity "
    "function in deep networks. NeurIPS 2020.",
    "Gal and Ghahramani 2016": "Y. Gal and Z. Ghahramani. Dropout as a Bayesian approximation: representing model "
    "uncertainty in deep learning. ICML 2016.",
    "Glorot and Bengio 2010": "X. Glorot and Y. Bengio. Understanding the difficulty of training deep feedforward "
    "neural networks. AISTATS 2010.",
    "Glorot, Bordes and Bengio 2011": "X. Glorot, A. Bordes and Y. Bengio. Deep sparse rectifier neural networks. "
    "AISTATS 2011.",
    "Goodfellow et al. 2013": "I. Goodfellow, D. Warde-Farley, M. Mirza, A. Courville and Y. Bengio. Maxout networks. "
    "ICML 2013.",
    "Goodfellow, Bengio and Courville 2016": "I. Goodfellow, Y. Bengio and A. Courville. Deep learning. MIT Press, "
    "2016.",
    "Hanin and Rolnick 2018": "B. Hanin and D. Rolnick. How to start training: the effect of initialization and "
    "architecture. NeurIPS 2018.",
    "Hastie, Tibshirani and Friedman 2009": "T. Hastie, R. Tibshirani and J. Friedman. The elements of statistical "
    "learning. Second edition. Springer, 2009.",
    "He and Garcia 2009": "H. He and E. A. Garcia. Learning from imbalanced data. IEEE Transactions on Knowledge and "
    "Data Engineering 21(9), 2009.",
    "He et al. 2015": "K. He, X. Zhang, S. Ren and J. Sun. Delving deep into rectifiers: surpassing human-level "
    "performance on ImageNet classification. ICCV 2015.",
    "He et al. 2016": "K. He, X. Zhang, S. Ren and J. Sun. Identity mappings in deep residual networks. ECCV 2016.",
    "Holm 1979": "S. Holm. A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics "
    "6(2), 1979.",
    "Huang et al. 2017": "G. Huang, Y. Li, G. Pleiss, Z. Liu, J. E. Hopcroft and K. Q. Weinberger. Snapshot ensembles: "
    "train 1, get M for free. ICLR 2017.",
    "Humbatova et al. 2020": "N. Humbatova, G. Jahangirova, G. Bavota, V. Riccio, A. Stocco and P. Tonella. "
    "Taxonomy of real faults in deep learning systems. ICSE 2020.",
    "Ioffe 2017": "S. Ioffe. Batch renormalization: towards reducing minibatch dependence in batch-normalized models. "
    "NeurIPS 2017.",
    "Ioffe and Szegedy 2015": "S. Ioffe and C. Szegedy. Batch normalization: accelerating deep network training "
    "by reducing internal covariate shift. ICML 2015.",
    "Kingma and Ba 2015": "D. P. Kingma and J. Ba. Adam: a method for stochastic optimization. ICLR 2015.",
    "Kohavi 1995": "R. Kohavi. A study of cross-validation and bootstrap for accuracy estimation and "
    "model selection. IJCAI 1995.",
    "Krizhevsky, Sutskever and Hinton 2012": "A. Krizhevsky, I. Sutskever and G. E. Hinton. ImageNet classification "
    "with deep convolutional neural networks. NeurIPS 2012.",
    "LeCun et al. 1998": "Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller. Efficient BackProp. In Neural networks: "
    "tricks of the trade, Springer, 1998.",
    "Loshchilov and Hutter 2017": "I. Loshchilov and F. Hutter. SGDR: stochastic gradient descent with warm restarts. "
    "ICLR 2017.",
    "Loshchilov and Hutter 2019": "I. Loshchilov and F. Hutter. Decoupled weight decay regularization. ICLR 2019.",
    "Lu et al. 2020": "L. Lu, Y. Shin, Y. Su and G. E. Karniadakis. Dying ReLU and initialization: theory and "
    "numerical examples. Communications in Computational Physics 28(5), 2020.",
    "Maas, Hannun and Ng 2013": "A. L. Maas, A. Y. Hannun and A. Y. Ng. Rectifier nonlinearities improve neural "
    "network acoustic models. ICML workshop on deep learning for audio, speech and language processing, 2013.",
    "McCloskey and Cohen 1989": "M. McCloskey and N. J. Cohen. Catastrophic interference in connectionist networks: "
    "the sequential learning problem. Psychology of Learning and Motivation 24, 1989.",
    "Mishkin and Matas 2016": "D. Mishkin and J. Matas. All you need is a good init. ICLR 2016.",
    "Nair and Hinton 2010": "V. Nair and G. E. Hinton. Rectified linear units improve restricted Boltzmann machines. "
    "ICML 2010.",
    "Pascanu, Mikolov and Bengio 2013": "R. Pascanu, T. Mikolov and Y. Bengio. On the difficulty of training recurrent "
    "neural networks. ICML 2013.",
    "Polyak and Juditsky 1992": "B. T. Polyak and A. B. Juditsky. Acceleration of stochastic approximation by "
    "averaging. SIAM Journal on Control and Optimization 30(4), 1992.",
    "Poole et al. 2016": "B. Poole, S. Lahiri, M. Raghu, J. Sohl-Dickstein and S. Ganguli. Exponential "
    "expressivity in deep neural networks through transient chaos. NeurIPS 2016.",
    "Prechelt 1998": "L. Prechelt. Early stopping, but when? In Neural networks: tricks of the trade, Springer, 1998.",
    "PyTorch documentation": "PyTorch documentation, docs.pytorch.org.",
    "Quinonero-Candela et al. 2009": "J. Quinonero-Candela, M. Sugiyama, A. Schwaighofer and N. D. Lawrence. Dataset "
    "shift in machine learning. MIT Press, 2009.",
    "Saxe, McClelland and Ganguli 2014": "A. M. Saxe, J. L. McClelland and S. Ganguli. Exact solutions to the "
    "nonlinear dynamics of learning in deep linear neural networks. ICLR 2014.",
    "Schoenholz et al. 2017": "S. S. Schoenholz, J. Gilmer, S. Ganguli and J. Sohl-Dickstein. Deep information "
    "propagation. ICLR 2017.",
    "Schoop, Huang and Hartmann 2021": "E. Schoop, F. Huang and B. Hartmann. UMLAUT: debugging deep learning programs "
    "using program structure and model behavior. CHI 2021.",
    "Smith 2017": "L. N. Smith. Cyclical learning rates for training neural networks. WACV 2017.",
    "Srivastava et al. 2014": "N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov. Dropout: a "
    "simple way to prevent neural networks from overfitting. Journal of Machine Learning Research 15, 2014.",
    "Stouffer et al. 1949": "S. A. Stouffer, E. A. Suchman, L. C. DeVinney, S. A. Star and R. M. Williams. The "
    "American soldier, volume 1: Adjustment during army life. Princeton University Press, 1949.",
    "Sussillo and Abbott 2014": "D. Sussillo and L. F. Abbott. Random walk initialization for training very deep "
    "feedforward networks. arXiv:1412.6558, 2014.",
    "Sutskever et al. 2013": "I. Sutskever, J. Martens, G. Dahl and G. Hinton. On the importance of initialization and "
    "momentum in deep learning. ICML 2013.",
    "von Neumann et al. 1941": "J. von Neumann, R. H. Kent, H. R. Bellinson and B. I. Hart. The mean square successive "
    "difference. Annals of Mathematical Statistics 12(2), 1941.",
    "Wu and He 2018": "Y. Wu and K. He. Group normalization. ECCV 2018.",
    "Xiao et al. 2018": "L. Xiao, Y. Bahri, J. Sohl-Dickstein, S. S. Schoenholz and J. Pennington. Dynamical isometry "
    "and a mean field theory of CNNs. ICML 2018.",
    "Yang and Schoenholz 2017": "G. Yang and S. S. Schoenholz. Mean field residual networks: on the edge of chaos. "
    "NeurIPS 2017.",
    "Yang et al. 2019": "G. Yang, J. Pennington, V. Rao, J. Sohl-Dickstein and S. S. Schoenholz. A mean field theory "
    "of batch normalization. ICLR 2019.",
    "Zhang et al. 2017": "C. Zhang, S. Bengio, M. Hardt, B. Recht and O. Vinyals. Understanding deep learning requires "
    "rethinking generalization. ICLR 2017.",
    "Zhang et al. 2018": "Y. Zhang, Y. Chen, S.-C. Cheung, Y. Xiong and L. Zhang. An empirical study on TensorFlow "
    "program bugs. ISSTA 2018.",
    "Zhang, Dauphin and Ma 2019": "H. Zhang, Y. N. Dauphin and T. Ma. Fixup initialization: residual learning without "
    "normalization. ICLR 2019.",
}

METHODS = ("Holm 1979",)
"""Sources of the methods of every report."""

THEORY = ("Poole et al. 2016", "Schoenholz et al. 2017")
CONVOLUTIONS, SHORTCUTS = "Xiao et al. 2018", "Yang and Schoenholz 2017"
"""Sources of mean-field theory of dense networks, of networks on images, and of residual networks."""


def references(keys: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of key and full reference in order of first use; the reference of an unknown key is empty.

    A key may continue with a place in its source: "He et al. 2015, eq. 10".
    """
    known = LECTURES | PAPERS
    listed: dict[str, str] = {}
    for key in keys:
        name = next((paper for paper in known if re.match(rf"{re.escape(paper)}(?!\w)", key)), key)
        listed.setdefault(name, known.get(name, ""))
    return list(listed.items())
